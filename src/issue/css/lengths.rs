//! Lengths of CSS in pixels: every unit and every sum that a mail may hold, as the range in which
//! it lies for readers whose screens and letters differ.
//!
//! A unit or a function that is not known here has no answer, and whoever asks must refuse it: a
//! bound that is written for pixels must hold in every way to write a length.

/// From the least to the most, in pixels (or as a plain number).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PixelRange {
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl PixelRange {
    /// One size for everybody.
    pub(crate) const fn of(size: f64) -> PixelRange {
        PixelRange { least: size, most: size }
    }

    /// See [`PixelRange`].
    pub(crate) const fn between(least: f64, most: f64) -> PixelRange {
        PixelRange { least, most }
    }

    /// The smallest and the largest of some sizes; `None` where one of them is no size.
    fn around(sizes: &[f64]) -> Option<PixelRange> {
        let least = sizes.iter().copied().fold(f64::INFINITY, f64::min);
        let most = sizes.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        sizes.iter().all(|size| size.is_finite()).then_some(PixelRange { least, most })
    }

    /// Both ends with those of `other`, each with each.
    fn with(self, other: PixelRange, operation: impl Fn(f64, f64) -> f64) -> Option<PixelRange> {
        let [a, b, c, d] = [self.least, self.most, other.least, other.most];
        PixelRange::around(&[operation(a, c), operation(a, d), operation(b, c), operation(b, d)])
    }

    /// Whether the whole range lies between two bounds.
    pub(crate) fn is_within(self, least: f64, most: f64) -> bool {
        self.least >= least && self.most <= most
    }
}

/// What relative units are a part of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// `1em`.
    pub(crate) em: PixelRange,
    /// `1rem`.
    pub(crate) root: PixelRange,
    /// `100%`.
    pub(crate) whole: PixelRange,
}

impl Default for Scale {
    /// Text as mails have it, in a letter on a telephone or a large screen.
    fn default() -> Scale {
        Scale {
            em: PixelRange::between(9.0, 24.0),
            root: PixelRange::of(16.0),
            whole: PixelRange::between(320.0, 600.0),
        }
    }
}

/// A length or a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Measure {
    pub(crate) range: PixelRange,
    /// Whether it has no unit.
    pub(crate) is_number: bool,
}

/// A hundredth of the width of a screen; larger ones have room to spare.
const VIEW_WIDTH: PixelRange = PixelRange::between(3.2, 8.0);
/// A hundredth of its height.
const VIEW_HEIGHT: PixelRange = PixelRange::between(4.0, 12.0);
/// Parentheses in each other.
const MAX_INNER: usize = 8;

/// The whole of `text`, in lower case, as one length or number.
pub(crate) fn measure(text: &str, scale: &Scale) -> Option<Measure> {
    let mut reader = MeasureReader { rest: text.trim(), scale, depth: 0 };
    let found = reader.one()?;
    reader.rest.trim().is_empty().then_some(found)
}

struct MeasureReader<'a> {
    rest: &'a str,
    scale: &'a Scale,
    depth: usize,
}

impl MeasureReader<'_> {
    /// A number with its unit, or a function.
    fn one(&mut self) -> Option<Measure> {
        self.rest = self.rest.trim_start();
        let digits = number_length(self.rest);
        if digits > 0 {
            let number: f64 = self.rest[..digits].parse().ok().filter(|n: &f64| n.is_finite())?;
            self.rest = &self.rest[digits..];
            let is_unit = |c: char| c.is_ascii_alphabetic() || c == '%';
            let end = self.rest.find(|c| !is_unit(c)).unwrap_or(self.rest.len());
            let unit = &self.rest[..end];
            self.rest = &self.rest[end..];
            let size = if unit.is_empty() { PixelRange::of(1.0) } else { self.unit(unit)? };
            let range = size.with(PixelRange::of(number), |a, b| a * b)?;
            return Some(Measure { range, is_number: unit.is_empty() });
        }
        let (name, _) = self.rest.split_once('(')?;
        let name = name.trim();
        self.rest = &self.rest[self.rest.find('(')? + 1..];
        self.depth += 1;
        if self.depth > MAX_INNER {
            return None;
        }
        let mut parts = vec![self.sum()?];
        while self.take(',') {
            parts.push(self.sum()?);
        }
        self.depth -= 1;
        if !self.take(')') {
            return None;
        }
        let is_number = parts.iter().all(|part| part.is_number);
        let fold = |of: fn(f64, f64) -> f64| {
            parts
                .iter()
                .map(|part| part.range)
                .reduce(|a, b| PixelRange { least: of(a.least, b.least), most: of(a.most, b.most) })
        };
        let range = match (name, &parts[..]) {
            ("" | "calc", [only]) => only.range,
            ("min", _) => fold(f64::min)?,
            ("max", _) => fold(f64::max)?,
            ("clamp", [least, wanted, most]) => PixelRange {
                least: wanted.range.least.min(most.range.least).max(least.range.least),
                most: wanted.range.most.min(most.range.most).max(least.range.most),
            },
            _ => return None,
        };
        Some(Measure { range, is_number })
    }

    fn sum(&mut self) -> Option<Measure> {
        let mut sum = self.product()?;
        loop {
            let sign = if self.take('+') {
                1.0
            } else if self.take('-') {
                -1.0
            } else {
                return Some(sum);
            };
            let next = self.product()?;
            sum.range = sum.range.with(next.range, |a, b| a + sign * b)?;
            sum.is_number &= next.is_number;
        }
    }

    fn product(&mut self) -> Option<Measure> {
        let mut product = self.one()?;
        loop {
            let operation: fn(f64, f64) -> f64 = if self.take('*') {
                |a, b| a * b
            } else if self.take('/') {
                |a, b| a / b
            } else {
                return Some(product);
            };
            let next = self.one()?;
            product.range = product.range.with(next.range, operation)?;
            product.is_number &= next.is_number;
        }
    }

    fn take(&mut self, sign: char) -> bool {
        let rest = self.rest.trim_start().strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn unit(&self, unit: &str) -> Option<PixelRange> {
        let times = |range: PixelRange, factor: f64| PixelRange {
            least: range.least * factor,
            most: range.most * factor,
        };
        let Scale { em, root, whole } = *self.scale;
        // Small, large and dynamic views differ by a bar of the program.
        let view = unit.strip_prefix(['s', 'l', 'd']).filter(|rest| rest.starts_with('v'));
        Some(match view.unwrap_or(unit) {
            "px" => PixelRange::of(1.0),
            "pt" => PixelRange::of(4.0 / 3.0),
            "pc" => PixelRange::of(16.0),
            "in" => PixelRange::of(96.0),
            "cm" => PixelRange::of(96.0 / 2.54),
            "mm" => PixelRange::of(9.6 / 2.54),
            "q" => PixelRange::of(2.4 / 2.54),
            "em" | "ic" => em,
            "ex" | "ch" | "cap" => PixelRange { least: em.least * 0.4, most: em.most },
            "lh" => times(em, 1.5),
            "rem" | "ric" => root,
            "rex" | "rch" | "rcap" => PixelRange { least: root.least * 0.4, most: root.most },
            "rlh" => times(root, 1.5),
            "vw" | "vi" | "vmin" => VIEW_WIDTH,
            "vh" | "vb" | "vmax" => VIEW_HEIGHT,
            "%" => times(whole, 0.01),
            _ => return None,
        })
    }
}

/// How far a number goes, with its sign and exponent: an `e` before a digit is none of `em`.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let sign = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let is_part = |b: &&u8| b.is_ascii_digit() || **b == b'.';
    let whole = sign + bytes[sign..].iter().take_while(is_part).count();
    if whole == sign {
        return 0;
    }
    if !bytes.get(whole).is_some_and(|e| matches!(e, b'e' | b'E')) {
        return whole;
    }
    let sign = usize::from(matches!(bytes.get(whole + 1), Some(b'+' | b'-')));
    match digits((whole + 1 + sign).min(bytes.len())) {
        0 => whole,
        exponent => whole + 1 + sign + exponent,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn range(text: &str) -> Option<(f64, f64)> {
        let found = measure(text, &Scale::default())?;
        let round = |size: f64| (size * 100.0).round() / 100.0;
        Some((round(found.range.least), round(found.range.most)))
    }

    #[test]
    fn every_unit_and_sum_is_pixels() {
        for (text, least, most) in [
            ("12px", 12.0, 12.0),
            ("-1e1px", -10.0, -10.0),
            ("12pt", 16.0, 16.0),
            ("1in", 96.0, 96.0),
            ("2.54cm", 96.0, 96.0),
            ("254mm", 960.0, 960.0),
            ("40q", 37.8, 37.8),
            ("1pc", 16.0, 16.0),
            ("2em", 18.0, 48.0),
            ("1rem", 16.0, 16.0),
            ("100vw", 320.0, 800.0),
            ("100dvh", 400.0, 1200.0),
            ("50%", 160.0, 300.0),
            ("1.5", 1.5, 1.5),
            ("calc(100% - (2 * 8px))", 304.0, 584.0),
            ("clamp(14px, 2vw, 18px)", 14.0, 16.0),
            ("max(16px,1rem)", 16.0, 16.0),
            ("min(100%, 600px)", 320.0, 600.0),
            ("calc(1px - 1px)", 0.0, 0.0),
            ("calc(-1*1999px)", -1999.0, -1999.0),
        ] {
            assert_eq!(range(text), Some((least, most)), "{text}");
        }
        for text in ["", "px", "1foo", "1cqw", "calc()", "calc(1px", "1px)", "sin(1)", "1e999px"] {
            assert_eq!(range(text), None, "{text}");
        }
        assert_eq!(range("calc(1px / 0)"), None);
        assert_eq!(range(&"(".repeat(9_999)), None);
    }

    proptest! {
        #[test]
        fn any_text_has_an_answer(text in "[-+*/() ,.0-9a-z%]{0,40}") {
            if let Some(found) = measure(&text, &Scale::default()) {
                prop_assert!(found.range.least <= found.range.most);
            }
        }
    }
}
