//! A change of address in the midst of an issue: who waited for it under the old address gets it at the
//! new one by the next send, and somebody has to know that.

use sejong_digest::delivery::ledger::moved::unfinished_for;
use sejong_digest::message::address::Address;
use sejong_digest::store::Store;

use crate::cmd::failure::Failure;
use crate::cmd::files::quoted;
use crate::cmd::print;

/// Says which issues are not finished for the person who had the address `old`.
pub(super) async fn tell(store: &Store, old: &Address, new: &Address) -> Result<(), Failure> {
    for (issue, may_have_it) in unfinished_for(store, old).await? {
        let send = format!("digest send {}", quoted(&issue));
        print::note(&if may_have_it {
            format!(
                "it is not known whether {old} got {issue}: `{send} --uncertain resend` sends it to {new}"
            )
        } else {
            format!("{issue} is not finished for {old}: `{send}` sends it to {new}")
        });
    }
    Ok(())
}
