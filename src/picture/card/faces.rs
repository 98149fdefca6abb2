//! The faces that cards are drawn with: one of our own, and those that a publication brings.

use std::fmt;
use std::sync::Arc;

use super::spelled;
use crate::crypto;

/// Bytes of a face: those for Chinese, Japanese and Korean have up to this much.
pub const MAX_BYTES: u64 = 24 * 1024 * 1024;
/// Faces of a publication.
pub const MOST: usize = 4;

/// Whether this program draws cards: it may be built without.
pub const ARE_DRAWN: bool = cfg!(feature = "cards");

/// Latin, Greek and Cyrillic letters: Noto Sans Bold, under the SIL Open Font License 1.1, which lies
/// beside it.
#[cfg(feature = "cards")]
const OWN: &[u8] = include_bytes!("NotoSans-Bold.ttf");

/// Faces in the order in which a sign is looked for.
#[derive(Clone)]
pub struct CardFaces(Arc<Vec<CardFace>>);

struct CardFace {
    bytes: Vec<u8>,
    hash: String,
}

impl Default for CardFaces {
    /// The own one alone.
    fn default() -> CardFaces {
        CardFaces::of(Vec::new())
    }
}

impl fmt::Debug for CardFaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|face| &face.hash)).finish()
    }
}

impl CardFaces {
    /// Those of a publication, and ours behind them.
    pub fn of(own: Vec<Vec<u8>>) -> CardFaces {
        #[cfg(feature = "cards")]
        let own = [own, vec![OWN.to_vec()]].concat();
        let face = |bytes: Vec<u8>| {
            let hash = data_encoding::HEXLOWER.encode(&crypto::sha256([&bytes[..]])[..16]);
            CardFace { bytes, hash }
        };
        CardFaces(Arc::new(own.into_iter().map(face).collect()))
    }

    /// The bytes of each.
    #[cfg(feature = "cards")]
    pub(super) fn bytes(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(|face| &face.bytes[..])
    }

    /// A text as it can be drawn, without pictures that no face has.
    ///
    /// # Errors
    /// The first sign that no face has.
    pub(super) fn drawn(&self, text: &str) -> Result<String, char> {
        let has = self.having();
        let is_lacking = |c: char| c != ' ' && !spelled::is_joining(c) && !has(c);
        match text.chars().find(|c| is_lacking(*c) && !spelled::is_pictorial(*c)) {
            Some(c) => Err(c),
            None => {
                let shown: String = text.chars().filter(|c| !is_lacking(*c)).collect();
                Ok(shown.split_whitespace().collect::<Vec<_>>().join(" "))
            }
        }
    }

    #[cfg(feature = "cards")]
    fn having(&self) -> impl Fn(char) -> bool {
        let letters = super::shaping::letters(self);
        move |c| letters.iter().any(|letters| letters.map(c).is_some())
    }

    #[cfg(not(feature = "cards"))]
    fn having(&self) -> impl Fn(char) -> bool {
        let _ = self.0.iter().map(|face| face.bytes.len()).sum::<usize>();
        |_| false
    }
}

/// Whether bytes are a face that letters can be drawn with; nobody knows in a program that draws none.
pub fn is_face(bytes: &[u8]) -> bool {
    #[cfg(feature = "cards")]
    return super::shaping::is_face(bytes);
    #[cfg(not(feature = "cards"))]
    return !bytes.is_empty();
}
