//! The memory that decoders share: each takes its part before it begins, and waits while others have
//! too much of it.

use std::sync::{Condvar, Mutex, PoisonError};

use super::{Measured, PictureFormat};

/// What all decoders together may take.
pub(super) const MOST: u64 = 512 * 1024 * 1024;

static TAKEN: Mutex<u64> = Mutex::new(0);
static GIVEN_BACK: Condvar = Condvar::new();

/// A part of the memory, given back when dropped.
pub(super) struct Share(u64);

/// Waits until `bytes` are free. `None` if there are never so many.
pub(super) fn share(bytes: u64) -> Option<Share> {
    if bytes > MOST {
        return None;
    }
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    while *taken + bytes > MOST {
        taken = GIVEN_BACK.wait(taken).unwrap_or_else(PoisonError::into_inner);
    }
    *taken += bytes;
    Some(Share(bytes))
}

impl Drop for Share {
    fn drop(&mut self) {
        *TAKEN.lock().unwrap_or_else(PoisonError::into_inner) -= self.0;
        GIVEN_BACK.notify_all();
    }
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
    fn nobody_waits_for_what_there_never_is() {
        assert!(share(MOST + 1).is_none());
        let measured = Measured { format: PictureFormat::Png, width: 8000, height: 8000 };
        let need = |depth: u8, color: u8| {
            let mut start = vec![0; 26];
            (start[24], start[25]) = (depth, color);
            super::need(&measured, &start, false, 0)
        };
        assert!(need(8, 6) <= MOST);
        assert!(need(16, 6) > MOST);
        let gif = Measured { format: PictureFormat::Gif, width: 1, height: 1 };
        assert!(super::need(&gif, &[], false, 65_535 * 65_535) > MOST);
    }
}
