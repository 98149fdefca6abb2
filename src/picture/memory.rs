//! The memory that decoders share: each takes its part before it begins, and waits while others have
//! too much of it.

use std::sync::{Condvar, Mutex, PoisonError};

use super::{Measured, PictureFormat};

/// What one decoder may take: a camera's JPEG of 50 million pixels.
pub(super) const MOST: u64 = 512 * 1024 * 1024;
/// The same for other formats, which no camera writes.
pub(super) const MOST_DRAWN: u64 = 200 * 1024 * 1024;
/// What all decoders together take, unless one alone needs more.
const TOGETHER: u64 = 200 * 1024 * 1024;

static TAKEN: Mutex<u64> = Mutex::new(0);
static GIVEN_BACK: Condvar = Condvar::new();

/// A part of the memory, given back when dropped.
pub(super) struct Share(u64);

/// Waits until `bytes` are free, or nobody else has any.
pub(super) fn share(bytes: u64) -> Share {
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    while *taken > 0 && *taken + bytes > TOGETHER {
        taken = GIVEN_BACK.wait(taken).unwrap_or_else(PoisonError::into_inner);
    }
    *taken += bytes;
    Share(bytes)
}

impl Drop for Share {
    fn drop(&mut self) {
        *TAKEN.lock().unwrap_or_else(PoisonError::into_inner) -= self.0;
        GIVEN_BACK.notify_all();
    }
}

/// What one picture of a format may need.
pub(super) fn most(format: PictureFormat) -> u64 {
    if format == PictureFormat::Jpeg { MOST } else { MOST_DRAWN }
}

/// What it takes to decode a picture and to look at its pixels: those of the file, and the same
/// with eight bits a channel.
pub(super) fn need(measured: &Measured, bytes: &[u8], progressive: bool, frame: usize) -> u64 {
    let pixels = (measured.width.saturating_mul(measured.height)).max(frame) as u64;
    let each = match measured.format {
        // The depth and the kind of colour (W3C PNG 11.2.1).
        PictureFormat::Png => match (bytes.get(24), bytes.get(25)) {
            (Some(16), Some(6)) => 12,
            (Some(16), Some(2)) => 9,
            _ => 8,
        },
        // Three channels of two bytes besides the pixels.
        PictureFormat::Jpeg if progressive => 9,
        PictureFormat::Jpeg => 6,
        PictureFormat::Gif | PictureFormat::Webp | PictureFormat::Svg => 8,
    };
    pixels.saturating_mul(each)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_needs_more_than_all_together_waits_until_it_is_alone() {
        let first = share(1);
        let (asked, given) = std::sync::mpsc::channel();
        let other = std::thread::spawn(move || asked.send(share(TOGETHER + 1)).is_ok());
        assert!(given.recv_timeout(std::time::Duration::from_millis(50)).is_err());
        drop(first);
        assert!(given.recv().is_ok() && other.join().unwrap());
    }

    #[test]
    fn a_large_picture_is_a_photograph() {
        let measured = Measured { format: PictureFormat::Png, width: 5000, height: 5000 };
        let need = |depth: u8, color: u8| {
            let mut start = vec![0; 26];
            (start[24], start[25]) = (depth, color);
            super::need(&measured, &start, false, 0)
        };
        assert!(need(8, 6) <= MOST_DRAWN);
        assert!(need(16, 6) > MOST_DRAWN);
        let gif = Measured { format: PictureFormat::Gif, width: 1, height: 1 };
        assert!(super::need(&gif, &[], false, 65_535 * 65_535) > MOST);
        let photograph = Measured { format: PictureFormat::Jpeg, width: 8192, height: 6144 };
        assert!(super::need(&photograph, &[], true, 0) <= most(PictureFormat::Jpeg));
    }
}
