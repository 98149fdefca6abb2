//! The address of a list that is written almost like one that the list does not have.
//!
//! Must only suggest: two addresses that differ by a letter may be two people.

use crate::diagnostic::slips;
use crate::message::address::Address;

/// So many letters may be a slip of the pen; more make another address.
const SLIPS: usize = 2;

/// Looks for the address of a list that is nearest to one.
#[derive(Clone, Debug)]
pub struct NearAddress {
    asked: String,
    found: Option<(usize, String)>,
}

impl NearAddress {
    /// To this one.
    pub fn to(address: &Address) -> NearAddress {
        NearAddress { asked: address.identity(), found: None }
    }

    /// An address of the list, and what people are compared by; see [`Address::identity`].
    pub fn see(&mut self, address: &str, identity: &str) {
        let least = self.found.as_ref().map_or(SLIPS + 1, |(slips, _)| *slips);
        // An address has at least as many slips as it is longer or shorter.
        if identity.len().abs_diff(self.asked.len()) < least * 4 {
            let slips = slips(&self.asked, identity);
            if slips < least {
                self.found = Some((slips, address.to_owned()));
            }
        }
    }

    /// The nearest, if one is near enough.
    pub fn found(self) -> Option<String> {
        self.found.map(|(_, address)| address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_found_and_a_stranger_is_not() {
        let near = |asked: &str| {
            let mut near = NearAddress::to(&Address::parse(asked).unwrap());
            for address in ["Lim@example.org", "kim@example.org", "ada@elsewhere.example"] {
                near.see(address, &address.to_lowercase());
            }
            near.found()
        };
        assert_eq!(near("kim@exmaple.org").as_deref(), Some("kim@example.org"));
        assert_eq!(near("lim@example.com"), None);
        assert_eq!(near("Lim@example.or").as_deref(), Some("Lim@example.org"));
        assert_eq!(near("nobody@nowhere.example"), None);
    }
}
