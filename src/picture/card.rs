//! A card: a picture of a title, for programs that show a link to a page as a picture.
//!
//! The same words, colours and faces give the same picture on every machine: no face of the system is
//! ever used. What no face has a sign for is left out as a whole, rather than shown as empty boxes.
//! Must never take a text of any length for its own: words are cut before they are measured.

pub mod faces;
#[cfg(feature = "cards")]
mod lines;
#[cfg(feature = "cards")]
mod painting;
#[cfg(feature = "cards")]
mod shaping;
mod spelled;

use faces::CardFaces;

/// Pixels: what every program that shows cards asks for.
pub const WIDTH: u32 = 1200;
/// The same.
pub const HEIGHT: u32 = 630;

/// Characters of each text; more is cut off.
const MOST: CardLengths = CardLengths { title: 180, name: 60, byline: 90, note: 60 };

struct CardLengths {
    title: usize,
    name: usize,
    byline: usize,
    note: usize,
}

/// The colours of a card: red, green, blue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardColors {
    /// Behind the words.
    pub ground: [u8; 3],
    /// The title and the name.
    pub text: [u8; 3],
    /// What is small.
    pub muted: [u8; 3],
    /// The bar.
    pub accent: [u8; 3],
}

/// What stands on a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Of the page; nothing where no face has all its signs.
    pub title: Option<String>,
    /// Who publishes the page; stands in the place of the title where there is none.
    pub name: Option<String>,
    /// Who wrote what is on the page.
    pub byline: Option<String>,
    /// A number, a day.
    pub note: Option<String>,
    /// Whether it is read from right to left.
    pub is_rtl: bool,
    /// Its colours.
    pub colors: CardColors,
}

/// Words for a card, as somebody wrote them.
#[derive(Clone, Copy, Debug)]
pub struct CardWords<'a> {
    /// See [`Card::title`].
    pub title: &'a str,
    /// See [`Card::name`].
    pub name: &'a str,
    /// See [`Card::byline`]: as many of them as there is room for.
    pub authors: &'a [&'a str],
    /// See [`Card::note`]: the first that can be drawn.
    pub notes: &'a [String],
}

impl Card {
    /// The card with these words, as far as the faces have their signs; none where neither the title
    /// nor the name can be drawn. The other value is a sign of the title that no face has.
    pub fn of(
        words: CardWords<'_>,
        (is_rtl, colors): (bool, CardColors),
        faces: &CardFaces,
    ) -> (Option<Card>, Option<char>) {
        let drawn = |text: &str, most: usize| faces.drawn(&spelled::cut(text, most));
        let title = drawn(words.title, MOST.title);
        let lacks = title.as_ref().err().copied().filter(|_| faces::ARE_DRAWN);
        let (title, name) = (title.ok(), drawn(words.name, MOST.name).ok());
        if title.is_none() && name.is_none() {
            return (None, lacks);
        }
        let notes = words.notes.iter();
        let card = Card {
            title: title.filter(|text| !text.is_empty()),
            name: name.filter(|text| !text.is_empty()),
            byline: faces.drawn(&spelled::listed(words.authors, MOST.byline)).ok(),
            note: notes.filter_map(|note| drawn(note, MOST.note).ok()).next(),
            is_rtl,
            colors,
        };
        (Some(card), lacks)
    }

    /// The card as PNG, with a picture in the place of the name.
    ///
    /// # Errors
    /// [`PictureError`](super::PictureError), where the picture cannot be opened or it takes too long.
    #[cfg(feature = "cards")]
    pub fn png(
        &self,
        faces: &CardFaces,
        logo: Option<&[u8]>,
    ) -> Result<Vec<u8>, super::PictureError> {
        let (card, faces) = (self.clone(), faces.clone());
        let logo = logo.map(<[u8]>::to_vec);
        // Faces are files of authors: what one makes of a shape is not known before.
        super::drawing::in_time(painting::MEMORY, move || {
            painting::painted(&card, &faces, logo.as_deref())
        })
    }

    /// The same in a program that draws none.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(feature = "cards"))]
    pub fn png(
        &self,
        _faces: &CardFaces,
        _logo: Option<&[u8]>,
    ) -> Result<Vec<u8>, super::PictureError> {
        Err(super::PictureError::Damaged)
    }
}

#[cfg(all(test, feature = "cards"))]
mod tests {
    use super::*;

    fn colors() -> CardColors {
        CardColors {
            ground: [255, 254, 251],
            text: [30, 36, 48],
            muted: [85, 102, 119],
            accent: [31, 58, 95],
        }
    }

    fn card(title: &str, name: &str, notes: &[String]) -> (Option<Card>, Option<char>) {
        let words = CardWords { title, name, authors: &["Ada", "Lin"], notes };
        Card::of(words, (false, colors()), &CardFaces::default())
    }

    #[test]
    fn what_no_face_has_is_left_out_and_told() {
        let notes = ["2025년".to_owned(), "2025-11-06".to_owned()];
        let (made, lacks) = card("세종", "Digest", &notes);
        let made = made.unwrap();
        assert_eq!((made.title, lacks), (None, Some('세')));
        assert_eq!(
            (made.name.as_deref(), made.note.as_deref()),
            (Some("Digest"), Some("2025-11-06"))
        );
        assert_eq!(made.byline.as_deref(), Some("Ada, Lin"));
        assert_eq!(card("세종", "다이제스트", &notes), (None, Some('세')));
        // A picture among the letters is no letter.
        let (made, lacks) = card("Party 🎉 time", "Digest", &notes);
        assert_eq!((made.unwrap().title.as_deref(), lacks), (Some("Party time"), None));
    }

    #[test]
    fn a_card_is_a_picture_of_its_size_and_the_same_each_time() {
        let made = card("The river in November", "Digest", &[]).0.unwrap();
        let faces = CardFaces::default();
        let first = made.png(&faces, None).unwrap();
        assert_eq!(made.png(&faces, None).unwrap(), first);
        let measured = crate::picture::measure(&first).unwrap();
        assert_eq!((measured.width, measured.height), (1200, 630));
        let other = Card { title: Some("Another title".to_owned()), ..made };
        assert_ne!(other.png(&faces, None).unwrap(), first);
    }

    #[test]
    fn no_title_costs_time_or_memory() {
        let started = std::time::Instant::now();
        let long = "W\u{301}\u{302}".repeat(1_000_000);
        for title in [&long, &"א".repeat(100_000), &"Rhabarber".repeat(20_000), " \u{202e}\u{0}"] {
            let (made, _) = card(title, "Digest", &[]);
            assert!(made.unwrap().png(&CardFaces::default(), None).unwrap().len() < 200_000);
        }
        assert!(started.elapsed() < std::time::Duration::from_secs(20), "{:?}", started.elapsed());
    }
}
