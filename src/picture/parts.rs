//! The parts that PNG and JPEG files are made of: which way up a camera held the picture, whether
//! it moves or is cut off, and the same file without what says where it was taken and by whom.

use image::metadata::Orientation;

/// What the parts of a file say.
pub(super) struct Parts {
    /// What has to be done to the pixels before they are looked at.
    pub(super) orientation: Orientation,
    /// An animated PNG.
    pub(super) moves: bool,
    /// JPEG for a press, in four inks; mail programs show it in false colours or not at all.
    pub(super) inks: bool,
    /// A baseline JPEG with its components in scans of their own: rare, and decoded without colour.
    pub(super) apart: bool,
    /// The file without its notes; pixels, sizes and colour profile as they were.
    pub(super) plain: Vec<u8>,
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Takes a PNG apart (W3C PNG 5.3); `None` where it ends early.
pub(super) fn png(bytes: &[u8]) -> Option<Parts> {
    let mut parts = Parts::around(bytes.get(..PNG.len())?, bytes.len());
    let mut rest = bytes.strip_prefix(PNG)?;
    loop {
        let length = u32::from_be_bytes(rest.get(..4)?.try_into().ok()?) as usize;
        let name = rest.get(4..8)?;
        let (chunk, after) = rest.split_at_checked(length.checked_add(12)?)?;
        match name {
            b"eXIf" => parts.turn(&chunk[8..8 + length]),
            b"tEXt" | b"zTXt" | b"iTXt" | b"tIME" => {}
            _ => {
                parts.moves |= name == b"acTL";
                parts.plain.extend(chunk);
            }
        }
        if name == b"IEND" {
            return Some(parts);
        }
        rest = after;
    }
}

/// Takes a JPEG apart (ITU T.81 B.1); `None` where it ends early.
pub(super) fn jpeg(bytes: &[u8]) -> Option<Parts> {
    const EXIF: &[u8] = b"Exif\0\0";
    let mut parts = Parts::around(bytes.get(..2)?, bytes.len());
    let mut rest = bytes.strip_prefix(b"\xff\xd8")?;
    // Components of a frame that is not progressive.
    let mut sequential = 0;
    loop {
        // A marker may have any number of fill bytes before it.
        while rest.get(1) == Some(&0xFF) {
            rest = &rest[1..];
        }
        let [0xFF, marker] = *rest.get(..2)? else { return None };
        if marker == 0xDA {
            // The scans go to the end; what stands behind it is not the picture's.
            let end = memchr::memmem::rfind(rest, b"\xff\xd9")?;
            parts.plain.extend(&rest[..end + 2]);
            parts.apart = rest.get(4).is_some_and(|components| *components < sequential);
            return Some(parts);
        }
        let length = usize::from(u16::from_be_bytes(rest.get(2..4)?.try_into().ok()?));
        let (segment, after) = rest.split_at_checked(length + 2)?;
        let data = segment.get(4..)?;
        match marker {
            0xE1 => {
                if let Some(exif) = data.strip_prefix(EXIF) {
                    parts.turn(exif);
                }
            }
            // JFIF, the colour profile and Adobe's note on how colours are stored stay.
            0xE0 | 0xEE => parts.plain.extend(segment),
            0xE2 if data.starts_with(b"ICC_PROFILE\0") => parts.plain.extend(segment),
            0xE2..=0xEF | 0xFE => {}
            _ => {
                let frame = matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC);
                parts.inks |= frame && data.get(5) == Some(&4);
                if matches!(marker, 0xC0 | 0xC1) {
                    sequential = *data.get(5)?;
                }
                parts.plain.extend(segment);
            }
        }
        rest = after;
    }
}

impl Parts {
    fn around(start: &[u8], capacity: usize) -> Parts {
        let mut plain = Vec::with_capacity(capacity);
        plain.extend(start);
        let orientation = Orientation::NoTransforms;
        Parts { orientation, moves: false, inks: false, apart: false, plain }
    }

    fn turn(&mut self, exif: &[u8]) {
        self.orientation = Orientation::from_exif_chunk(exif).unwrap_or(self.orientation);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
        let mut out = vec![0xFF, marker];
        out.extend((data.len() as u16 + 2).to_be_bytes());
        out.extend(data);
        out
    }

    #[test]
    fn a_jpeg_loses_its_notes_and_keeps_the_rest() {
        let exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        let frame = segment(0xC2, b"\x08\0\x01\0\x01\x03\x01\x11\0\x02\x11\0\x03\x11\0");
        let scan = b"\xff\xda\0\x02data\xff\xd9";
        let written = [
            b"\xff\xd8".to_vec(),
            segment(0xE0, b"JFIF\0"),
            segment(0xE1, exif),
            segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<gps/>"),
            segment(0xE2, b"ICC_PROFILE\0\x01\x01p"),
            segment(0xE2, b"MPF\0"),
            segment(0xFE, b"by Kim"),
            b"\xff".to_vec(),
            frame.clone(),
            scan.to_vec(),
            b"a second picture".to_vec(),
        ];
        let left = [
            b"\xff\xd8".to_vec(),
            segment(0xE0, b"JFIF\0"),
            segment(0xE2, b"ICC_PROFILE\0\x01\x01p"),
            frame,
            scan.to_vec(),
        ];
        let parts = jpeg(&written.concat()).unwrap();
        assert_eq!(parts.orientation, Orientation::Rotate90);
        assert!(!parts.inks);
        assert_eq!(parts.plain, left.concat());
        assert!(jpeg(&written[..9].concat()).is_none(), "no scan");
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken_apart_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            for start in [PNG, b"\xff\xd8".as_slice()] {
                let bytes = [start, &bytes].concat();
                for parts in [png(&bytes), jpeg(&bytes)].into_iter().flatten() {
                    prop_assert!(parts.plain.len() <= bytes.len());
                }
            }
        }
    }
}
