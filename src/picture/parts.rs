//! The parts that PNG, JPEG and GIF files are made of: which way up a camera held the picture,
//! whether it moves or is cut off, how much work its pixels are, and the same file without what says
//! where it was taken and by whom. Nothing is decoded or inflated here.

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
    /// PNG: what the pixels need and nothing else. Other parts may inflate to any size.
    pub(super) pixels: Vec<u8>,
    /// PNG: the size of the picture and its colour profile, as a file that ends before the pixels.
    pub(super) profile: Option<Vec<u8>>,
    /// JPEG: how often the decoder goes over the picture.
    pub(super) scans: usize,
    /// JPEG: whether all pixels have to be kept in wide numbers until the last scan.
    pub(super) progressive: bool,
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Takes a PNG apart (W3C PNG 5.3); `None` where it ends early.
pub(super) fn png(bytes: &[u8]) -> Option<Parts> {
    let mut parts = Parts::around(bytes.get(..PNG.len())?, bytes.len());
    let mut rest = bytes.strip_prefix(PNG)?;
    parts.pixels.extend(PNG);
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
        if matches!(name, b"IHDR" | b"PLTE" | b"tRNS" | b"IDAT" | b"IEND") {
            parts.pixels.extend(chunk);
        } else if name == b"iCCP" && parts.profile.is_none() {
            // The signature and IHDR have 33 bytes. Eight more begin the pixels, where one stops.
            let start = [bytes.get(..33)?, chunk, b"\0\0\0\0IDAT"];
            parts.profile = Some(start.concat());
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
            // Between the scans' own bytes no FF is followed by DA (ITU T.81 B.1.1.5).
            parts.scans = memchr::memmem::find_iter(&rest[..end], b"\xff\xda").count();
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
                parts.progressive |= frame && !matches!(marker, 0xC0 | 0xC1);
                if matches!(marker, 0xC0 | 0xC1) {
                    sequential = *data.get(5)?;
                }
                parts.plain.extend(segment);
            }
        }
        rest = after;
    }
}

/// The frames of a GIF (GIF89a 17 to 27): how many, and the pixels of the largest. `None` where it
/// ends within one.
pub(super) fn gif(bytes: &[u8]) -> Option<(usize, usize)> {
    let table = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    // Pieces of at most 255 bytes, each after its length; an empty one ends them.
    let after_pieces = |mut rest| -> Option<&[u8]> {
        while let Some((length, after)) = <[u8]>::split_first(rest) {
            rest = after.get(usize::from(*length)..)?;
            if *length == 0 {
                return Some(rest);
            }
        }
        None
    };
    let mut rest = bytes.get(13 + table(*bytes.get(10)?)..)?;
    let (mut frames, mut largest) = (0, 0);
    loop {
        match *rest {
            [0x2C, _, _, _, _, w0, w1, h0, h1, flags, ref after @ ..] => {
                let side = |low, high| usize::from(u16::from_le_bytes([low, high]));
                frames += 1;
                largest = largest.max(side(w0, w1) * side(h0, h1));
                rest = after_pieces(after.get(table(flags) + 1..)?)?;
            }
            [0x21, _, ref after @ ..] => rest = after_pieces(after)?,
            [] | [0x3B, ..] => return (frames > 0).then_some((frames, largest)),
            _ => return None,
        }
    }
}

impl Parts {
    fn around(start: &[u8], capacity: usize) -> Parts {
        let mut plain = Vec::with_capacity(capacity);
        plain.extend(start);
        Parts {
            orientation: Orientation::NoTransforms,
            moves: false,
            inks: false,
            apart: false,
            plain,
            pixels: Vec::new(),
            profile: None,
            scans: 0,
            progressive: false,
        }
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
