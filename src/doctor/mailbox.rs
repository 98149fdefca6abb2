//! Whether the mailbox of reports can be read: opened, counted, and what may be marked in it. Changes
//! nothing there.

use std::path::Path;

use secrecy::SecretString;

use super::Finding;
use crate::diagnostic::counted;
use crate::mailbox::imap::{ImapAddress, ImapMailbox};
use crate::mailbox::{MailboxLook, ReportMailbox};

const CHECK: &str = "bounces";

/// A folder or a file.
pub fn of_path(path: &Path, name: &str) -> Finding {
    judged(name, ReportMailbox::open(path).look())
}

/// A mailbox on a server, with its password or why there is none.
pub async fn on_server(
    address: &ImapAddress,
    password: Result<SecretString, String>,
    offline: bool,
) -> Finding {
    let name = address.to_string();
    if offline && !is_local(&address.host) {
        return Finding::warning(CHECK, format!("{name}: not checked (--offline)"));
    }
    let opened = match password {
        Ok(password) => {
            ImapMailbox::open(address.clone(), password).await.map_err(|error| error.to_string())
        }
        Err(why) => Err(why),
    };
    judged(&name, opened.map(|mailbox| mailbox.look()))
}

fn is_local(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

fn judged(name: &str, look: Result<MailboxLook, String>) -> Finding {
    match look {
        Err(why) => Finding::error(CHECK, format!("{name} cannot be read: {why}"))
            .help("until it can, nobody hears who cannot be reached, who complains and who leaves by mail"),
        Ok(MailboxLook { can_be_marked: false, .. }) => {
            Finding::warning(CHECK, format!("{name} can be read, and nothing in it can be marked"))
                .help("whoever runs `digest bounces read` has to be able to write into its folder cur")
        }
        Ok(MailboxLook { waiting: Some(waiting), .. }) => {
            let messages = counted(waiting, "message");
            Finding::ok(CHECK, format!("{name} can be read: {messages} to look at"))
        }
        Ok(MailboxLook { waiting: None, .. }) => Finding::ok(CHECK, format!("{name} can be read")),
    }
}
