//! Places for what takes much room: so many in all, and a share of them for each visitor.
//!
//! Must never let one visitor keep all others out.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// See the file's head.
#[derive(Debug)]
pub(super) struct Places {
    most: usize,
    share: usize,
    /// Who has one: few enough to be counted each time.
    taken: Mutex<Vec<IpAddr>>,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(super) struct TakenPlace<'a> {
    places: &'a Places,
    visitor: IpAddr,
}

impl Places {
    pub(super) fn new(most: usize, share: usize) -> Places {
        Places { most, share, taken: Mutex::default() }
    }

    /// A place for a visitor; nothing where all are taken, or those that are theirs.
    pub(super) fn take(&self, visitor: IpAddr) -> Option<TakenPlace<'_>> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.iter().filter(|one| **one == visitor).count();
        if taken.len() >= self.most || own >= self.share {
            return None;
        }
        taken.push(visitor);
        Some(TakenPlace { places: self, visitor })
    }
}

impl Drop for TakenPlace<'_> {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.iter().position(|one| *one == self.visitor) {
            taken.swap_remove(own);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_has_a_share_and_gives_it_back() {
        let places = Places::new(5, 2);
        let [one, other, third] = [1, 2, 3].map(|last| IpAddr::from([192, 0, 2, last]));
        let (first, second) = (places.take(one), places.take(one));
        assert!(first.is_some() && second.is_some() && places.take(one).is_none());
        let others = [places.take(other), places.take(other)];
        assert!(others.iter().all(Option::is_some));
        drop(second);
        let again = places.take(one);
        assert!(again.is_some());
        let last = places.take(third);
        assert!(last.is_some() && places.take(third).is_none(), "five in all");
    }
}
