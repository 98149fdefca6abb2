//! How often one visitor may be wrong, and one person change something: a bucket for each that fills again
//! with time.
//!
//! Of visitors only what fails is counted. Whoever has a token of ours is never kept from leaving, however
//! often they do, and however many come from one address: mail programs post for all their users.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Visitors or people who are remembered; of more, those go that were not seen for the longest.
const MOST: usize = 65_536;

/// So many at once, and one more each `every`.
#[derive(Debug)]
pub(super) struct Attempts<K> {
    most: f64,
    every: Duration,
    seen: Mutex<HashMap<K, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    used: f64,
    at: Instant,
}

impl<K: Copy + Eq + Hash> Attempts<K> {
    pub(super) fn new(most: u32, every: Duration) -> Attempts<K> {
        Attempts { most: most.into(), every, seen: Mutex::default() }
    }

    /// Counts one; whether it may be made.
    pub(super) fn take(&self, who: K) -> bool {
        self.take_at(who, Instant::now())
    }

    fn take_at(&self, who: K, now: Instant) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MOST && !seen.contains_key(&who) {
            self.forget(&mut seen, now);
        }
        let bucket = seen.entry(who).or_insert(Bucket { used: 0.0, at: now });
        bucket.used = self.left(*bucket, now);
        bucket.at = now;
        if bucket.used + 1.0 > self.most {
            return false;
        }
        bucket.used += 1.0;
        true
    }

    fn left(&self, bucket: Bucket, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(bucket.at);
        (bucket.used - passed.as_secs_f64() / self.every.as_secs_f64()).max(0.0)
    }

    /// Those who are as if they had never come; where all have just been, the older half.
    fn forget(&self, seen: &mut HashMap<K, Bucket>, now: Instant) {
        seen.retain(|_, bucket| self.left(*bucket, now) > 0.0);
        if seen.len() >= MOST {
            let mut moments: Vec<Instant> = seen.values().map(|bucket| bucket.at).collect();
            let middle = moments.len() / 2;
            let (_, middle, _) = moments.select_nth_unstable(middle);
            let middle = *middle;
            seen.retain(|_, bucket| bucket.at > middle);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    #[test]
    fn so_many_at_once_and_one_more_after_a_time() {
        let attempts = Attempts::new(3, Duration::from_secs(10));
        let (one, other): (IpAddr, IpAddr) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        assert!((0..3).all(|_| attempts.take_at(one, start)));
        assert!(!attempts.take_at(one, start) && attempts.take_at(other, start));
        assert!(!attempts.take_at(one, after(9)));
        assert!(attempts.take_at(one, after(10)) && !attempts.take_at(one, after(10)));
        assert!((0..3).all(|_| attempts.take_at(one, after(1_000))));
        assert!(!attempts.take_at(one, after(1_000)));
    }

    #[test]
    fn memory_is_bounded() {
        let attempts = Attempts::new(3, Duration::from_secs(10));
        let start = Instant::now();
        for number in 0..70_000_u32 {
            assert!(attempts.take_at(number, start));
        }
        assert!(attempts.seen.lock().unwrap().len() <= MOST);
    }
}
