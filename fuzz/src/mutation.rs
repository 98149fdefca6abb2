//! Small changes of an input, the same for the same seed.

/// A source of numbers: xorshift64* of Vigna, which needs no crate.
pub struct Numbers(u64);

impl Numbers {
    /// Numbers that begin at `seed`.
    pub fn new(seed: u64) -> Numbers {
        Numbers(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `end`, 0 where that is 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() >> 33) as usize % end.max(1)
    }

    /// A stretch of `bytes`, more often a short one.
    fn stretch(&mut self, bytes: &[u8]) -> std::ops::Range<usize> {
        let start = self.below(bytes.len() + 1);
        let room = bytes.len() - start;
        let most = [4, 32, 256, room][self.below(4)];
        start..start + self.below(room.min(most) + 1)
    }
}

/// One of `pool`, changed between one and six times.
pub fn mutated(
    numbers: &mut Numbers,
    pool: &[Vec<u8>],
    words: &[&str],
    most_bytes: usize,
) -> Vec<u8> {
    let mut bytes = pool[numbers.below(pool.len())].clone();
    for _ in 0..=numbers.below(6) {
        change(numbers, &mut bytes, pool, words, most_bytes);
        bytes.truncate(most_bytes);
    }
    bytes
}

fn change(
    numbers: &mut Numbers,
    bytes: &mut Vec<u8>,
    pool: &[Vec<u8>],
    words: &[&str],
    most_bytes: usize,
) {
    let at = numbers.below(bytes.len() + 1);
    match numbers.below(12) {
        // A bit.
        0 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << numbers.below(8);
            }
        }
        // A byte that often stands at a border.
        1 => {
            let odd = [0, 0x7f, 0x80, 0xff, b'\n', b'\r', b' ', b'"', b'<', b'\\', b'{', b'-'];
            if let Some(byte) = bytes.get_mut(at) {
                *byte = odd[numbers.below(odd.len())];
            }
        }
        // A word.
        2..=5 => {
            let word = words[numbers.below(words.len())].as_bytes();
            bytes.splice(at..at, word.iter().copied());
        }
        // A piece, once more or very often.
        6 | 7 => {
            let range = numbers.stretch(bytes);
            let piece = bytes[range.clone()].to_vec();
            let most = [1, 3, 40, 2000][numbers.below(4)];
            let times = (1 + numbers.below(most)).min(most_bytes / piece.len().max(1));
            bytes.splice(range.end..range.end, piece.repeat(times));
        }
        // A piece less.
        8 => {
            let range = numbers.stretch(bytes);
            bytes.drain(range);
        }
        // A piece of another.
        9 => {
            let other = &pool[numbers.below(pool.len())];
            let range = numbers.stretch(other);
            bytes.splice(at..at, other[range].iter().copied());
        }
        // Its beginning, and the end of another.
        10 => {
            let other = &pool[numbers.below(pool.len())];
            let from = numbers.below(other.len() + 1);
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
        // An early end.
        _ => bytes.truncate(at),
    }
}
