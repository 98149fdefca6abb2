//! Stateless tokens: the link of each recipient (RFC 8058) names the recipient and proves that we
//! wrote it, without a row in any table, and for as long as the key lives.
//!
//! A link stands in mail that is passed on, in the history of a browser and in the logs of servers,
//! so a token is encrypted: only the publication reads the address in it. Its first byte is the
//! version and the number of the key, as a secret may have several; the rest is AES-GCM-SIV over the
//! address. What version 1 wrote, with the address for all to see, is read for ever.
//!
//! Each use has a key of its own: who has a token for one thing learns nothing of another. A mail
//! that is passed on shows its Message-ID and its links, and must not show where its bounce goes.

use std::fmt;

use jiff::Timestamp;

use super::address::Address;
use crate::crypto::{self, CipherKey, Key};

/// Numbers of keys go up to this one: a token's first byte has six bits for the number.
pub const MOST_KEYS: u8 = 63;
/// The first byte of a token of version 1, which only the first key made.
const VERSION_1: u8 = 1;
/// That of version 2, to which the number of the key is added.
const VERSION_2: u8 = 0x40;
/// Bytes of an authentication code that are kept: 128 bits are beyond guessing.
const MAC: usize = 16;
/// A longer text is no token of ours (an address has at most 254 bytes).
const MAX_LENGTH: usize = 400;
/// Bytes of a row's number in the token of a reverse-path, and of the code beside it: 80 bits, of
/// which a guess costs a mail.
const ROW: usize = 6;
const ROW_CODE: usize = MAC - ROW;

/// What stands before a token for leaving in an address of the mailbox of reports.
pub const LEAVE: &str = "u-";

/// A token of more characters is told by its beginning.
const SHOWN_WHOLE: usize = 12;
/// Characters of that beginning.
const SHOWN: usize = 6;

/// A token as it is told: whoever has the whole of it could use it.
pub fn shown(token: &str) -> String {
    if token.chars().count() <= SHOWN_WHOLE {
        return token.to_owned();
    }
    token.chars().take(SHOWN).chain(['…']).collect()
}

/// A text in which some of these tokens stand, as it is told.
pub fn with_tokens_shown(text: &str, tokens: &[String]) -> String {
    let of_length = tokens.iter().filter(|token| token.chars().count() > SHOWN_WHOLE);
    of_length.fold(text.to_owned(), |text, token| text.replace(token.as_str(), &shown(token)))
}

/// What a token lets its owner do, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Leave the list. Never expires.
    Unsubscribe,
    /// See and change what is sent to oneself. Never expires.
    Preferences,
    /// Say that one wants the newsletter. Expires.
    Confirm,
    /// Take back that one has just left. Expires.
    Undo,
    /// See all that is kept of oneself, have it erased, or get mail at another address. Expires.
    Data,
    /// Say that one gets mail at this address from now on. Expires.
    Address,
    /// Put back the address that one had before. Expires.
    Restore,
}

impl Purpose {
    /// Each.
    const ALL: [Purpose; 7] = [
        Purpose::Unsubscribe,
        Purpose::Preferences,
        Purpose::Confirm,
        Purpose::Undo,
        Purpose::Data,
        Purpose::Address,
        Purpose::Restore,
    ];

    /// As it stands before the token in a link.
    pub fn word(self) -> &'static str {
        match self {
            Purpose::Unsubscribe => "unsubscribe",
            Purpose::Preferences => "preferences",
            Purpose::Confirm => "confirm",
            Purpose::Undo => "undo",
            Purpose::Data => "data",
            Purpose::Address => "address",
            Purpose::Restore => "restore",
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What stands in a token that this publication made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenContent {
    /// Whose it is.
    pub address: Address,
    /// What it is for.
    pub purpose: Purpose,
    /// The number of the key that it was made with.
    pub key: u8,
    /// From when on it is refused; `None`: it never expires.
    pub end: Option<Timestamp>,
    /// Which sign-up or change of address it is about, where it is.
    pub signup: Option<SignupId>,
}

/// What names a sign-up or a change of address, and nobody guesses.
pub type SignupId = [u8; 16];

/// The keys that tokens and identifiers are made with; see [`Key::derive`].
#[derive(Clone, Debug)]
pub struct Keys {
    newest: NumberedKeys,
    older: Vec<NumberedKeys>,
}

/// What is derived from one key of the secret.
#[derive(Clone, Debug)]
struct NumberedKeys {
    number: u8,
    unsubscribe_1: Key,
    unsubscribe: CipherKey,
    preferences: CipherKey,
    confirm: CipherKey,
    undo: CipherKey,
    data: CipherKey,
    address: CipherKey,
    restore: CipherKey,
    message_id: Key,
    reverse_path: Key,
    reverse_path_row: Key,
    fingerprint: Key,
}

/// What tells one key of a secret from another, and says nothing else of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFingerprint {
    /// The key's number.
    pub number: u8,
    /// 16 hexadecimal digits.
    pub fingerprint: String,
}

impl NumberedKeys {
    fn new((number, secret): (u8, &[u8])) -> NumberedKeys {
        NumberedKeys {
            number,
            unsubscribe_1: Key::derive(secret, "unsubscribe token"),
            unsubscribe: CipherKey::derive(secret, "unsubscribe token 2"),
            preferences: CipherKey::derive(secret, "preferences token 2"),
            confirm: CipherKey::derive(secret, "confirm token 3"),
            undo: CipherKey::derive(secret, "undo token 2"),
            data: CipherKey::derive(secret, "data token 2"),
            address: CipherKey::derive(secret, "address token 2"),
            restore: CipherKey::derive(secret, "restore token 2"),
            message_id: Key::derive(secret, "message id"),
            reverse_path: Key::derive(secret, "reverse path"),
            reverse_path_row: Key::derive(secret, "reverse path row"),
            fingerprint: Key::derive(secret, "fingerprint"),
        }
    }

    fn cipher(&self, purpose: Purpose) -> &CipherKey {
        match purpose {
            Purpose::Unsubscribe => &self.unsubscribe,
            Purpose::Preferences => &self.preferences,
            Purpose::Confirm => &self.confirm,
            Purpose::Undo => &self.undo,
            Purpose::Data => &self.data,
            Purpose::Address => &self.address,
            Purpose::Restore => &self.restore,
        }
    }

    fn code_1(&self, list_id: &str, address: &str) -> [u8; MAC] {
        let parts: [&[u8]; 3] = [&[VERSION_1], list_id.as_bytes(), address.as_bytes()];
        first(&self.unsubscribe_1.authenticate(&parts))
    }

    fn row_code(
        &self,
        list_id: &str,
        issue: &str,
        address: &Address,
        row: [u8; ROW],
    ) -> [u8; ROW_CODE] {
        let identity = address.identity();
        let parts: [&[u8]; 4] = [list_id.as_bytes(), issue.as_bytes(), identity.as_bytes(), &row];
        first(&self.reverse_path.authenticate(&parts))
    }

    /// Hides the number of a row, or shows it again: nobody is to learn how many get an issue, or
    /// who comes after whom.
    fn masked(&self, row: [u8; ROW], code: &[u8]) -> [u8; ROW] {
        let mask: [u8; ROW] = first(&self.reverse_path_row.authenticate(&[code]));
        std::array::from_fn(|at| row[at] ^ mask[at])
    }
}

impl Keys {
    /// From a secret that has one key.
    pub fn new(secret: &[u8]) -> Keys {
        Keys::numbered((1, secret), [])
    }

    /// From a secret with several keys, each with its number. What is made is made with the newest.
    pub fn numbered<'a>(
        newest: (u8, &'a [u8]),
        older: impl IntoIterator<Item = (u8, &'a [u8])>,
    ) -> Keys {
        let older = older.into_iter().map(NumberedKeys::new).collect();
        Keys { newest: NumberedKeys::new(newest), older }
    }

    fn all(&self) -> impl Iterator<Item = &NumberedKeys> {
        std::iter::once(&self.newest).chain(&self.older)
    }

    /// What tells these keys from others.
    pub fn fingerprints(&self) -> Vec<KeyFingerprint> {
        let of = |keys: &NumberedKeys| {
            let code = keys.fingerprint.authenticate(&[]);
            let fingerprint = data_encoding::HEXLOWER.encode(&code[..8]);
            KeyFingerprint { number: keys.number, fingerprint }
        };
        self.all().map(of).collect()
    }

    fn of_number(&self, number: u8) -> Option<&NumberedKeys> {
        self.all().find(|keys| keys.number == number)
    }

    /// The token by which `address` leaves the list `list_id`, in base64url (RFC 4648 5). The same
    /// each time, until there is a newer key.
    pub fn unsubscribe_token(&self, list_id: &str, address: &Address) -> String {
        self.token(Purpose::Unsubscribe, list_id, address.as_str().as_bytes())
    }

    /// The token by which `address` sees and changes what the list `list_id` sends to it.
    pub fn preferences_token(&self, list_id: &str, address: &Address) -> String {
        self.token(Purpose::Preferences, list_id, address.as_str().as_bytes())
    }

    /// The token by which `address` confirms before `end` that it has signed up for the list `list_id`.
    pub fn confirm_token(
        &self,
        list_id: &str,
        address: &Address,
        (signup, end): (&SignupId, Timestamp),
    ) -> String {
        self.token(Purpose::Confirm, list_id, &of_one(signup, address, end))
    }

    /// The token by which `address` says before `end` that mail of the list `list_id` goes there from now
    /// on, as a change of address asks.
    pub fn address_token(
        &self,
        list_id: &str,
        address: &Address,
        (change, end): (&SignupId, Timestamp),
    ) -> String {
        self.token(Purpose::Address, list_id, &of_one(change, address, end))
    }

    /// The token by which `address` takes back before `end` that it was changed.
    pub fn restore_token(
        &self,
        list_id: &str,
        address: &Address,
        (change, end): (&SignupId, Timestamp),
    ) -> String {
        self.token(Purpose::Restore, list_id, &of_one(change, address, end))
    }

    /// The token by which `address` takes back that it has left the list `list_id`, before `end`.
    pub fn undo_token(&self, list_id: &str, address: &Address, end: Timestamp) -> String {
        let mut text = end.as_second().to_be_bytes().to_vec();
        text.extend_from_slice(address.as_str().as_bytes());
        self.token(Purpose::Undo, list_id, &text)
    }

    /// The token by which `address` sees before `end` all that is kept of it.
    pub fn data_token(&self, list_id: &str, address: &Address, end: Timestamp) -> String {
        let mut text = end.as_second().to_be_bytes().to_vec();
        text.extend_from_slice(address.as_str().as_bytes());
        self.token(Purpose::Data, list_id, &text)
    }

    fn token(&self, purpose: Purpose, list_id: &str, text: &[u8]) -> String {
        let mut bytes = vec![VERSION_2 | self.newest.number];
        let cipher = self.newest.cipher(purpose);
        bytes.extend(cipher.encrypt(&context(bytes[0], list_id), text));
        data_encoding::BASE64URL_NOPAD.encode(&bytes)
    }

    /// The address that a token lets leave the list, if we wrote it for `list_id`.
    pub fn read_unsubscribe_token(&self, list_id: &str, token: &str) -> Option<Address> {
        self.content(Purpose::Unsubscribe, list_id, &decoded(token)?).map(|token| token.address)
    }

    /// The same of a token for the page of preferences.
    pub fn read_preferences_token(&self, list_id: &str, token: &str) -> Option<Address> {
        self.content(Purpose::Preferences, list_id, &decoded(token)?).map(|token| token.address)
    }

    /// The same of a token for confirming, with the sign-up and its end; also of one that has ended.
    pub fn read_confirm_token(
        &self,
        list_id: &str,
        token: &str,
    ) -> Option<(Address, SignupId, Timestamp)> {
        self.read_of_one(Purpose::Confirm, list_id, token)
    }

    /// The same of a token for confirming a new address.
    pub fn read_address_token(
        &self,
        list_id: &str,
        token: &str,
    ) -> Option<(Address, SignupId, Timestamp)> {
        self.read_of_one(Purpose::Address, list_id, token)
    }

    /// The same of a token for putting the address before back.
    pub fn read_restore_token(
        &self,
        list_id: &str,
        token: &str,
    ) -> Option<(Address, SignupId, Timestamp)> {
        self.read_of_one(Purpose::Restore, list_id, token)
    }

    fn read_of_one(
        &self,
        purpose: Purpose,
        list_id: &str,
        token: &str,
    ) -> Option<(Address, SignupId, Timestamp)> {
        let token = self.content(purpose, list_id, &decoded(token)?)?;
        Some((token.address, token.signup?, token.end?))
    }

    /// The same of a token for taking back, and when it ends.
    pub fn read_undo_token(
        &self,
        list_id: &str,
        token: &str,
        now: Timestamp,
    ) -> Option<(Address, Timestamp)> {
        let token = self.content(Purpose::Undo, list_id, &decoded(token)?)?;
        token.end.filter(|end| now < *end).map(|end| (token.address, end))
    }

    /// The same of a token for what is kept of somebody, with its end; also of one that has ended.
    pub fn read_data_token(&self, list_id: &str, token: &str) -> Option<(Address, Timestamp)> {
        let token = self.content(Purpose::Data, list_id, &decoded(token)?)?;
        Some((token.address, token.end?))
    }

    /// What stands in a token of any purpose that we wrote for `list_id`, also one that has expired:
    /// for telling a person, and not for doing what it asks.
    pub fn read_token(&self, list_id: &str, token: &str) -> Option<TokenContent> {
        let bytes = decoded(token)?;
        Purpose::ALL.into_iter().find_map(|purpose| self.content(purpose, list_id, &bytes))
    }

    fn content(&self, purpose: Purpose, list_id: &str, bytes: &[u8]) -> Option<TokenContent> {
        let (&version, rest) = bytes.split_first()?;
        if version == VERSION_1 {
            return if purpose == Purpose::Unsubscribe {
                self.content_1(list_id, rest)
            } else {
                None
            };
        }
        let keys = self.of_number(version.checked_sub(VERSION_2)?)?;
        let text = keys.cipher(purpose).decrypt(&context(version, list_id), rest)?;
        let mut address = text.as_slice();
        let (mut end, mut signup) = (None, None);
        let of_one = matches!(purpose, Purpose::Confirm | Purpose::Address | Purpose::Restore);
        if of_one || matches!(purpose, Purpose::Undo | Purpose::Data) {
            let (seconds, rest) = address.split_first_chunk()?;
            end = Some(Timestamp::from_second(i64::from_be_bytes(*seconds)).ok()?);
            address = rest;
        }
        if of_one {
            let (id, rest) = address.split_first_chunk()?;
            (signup, address) = (Some(*id), rest);
        }
        let address = Address::parse(std::str::from_utf8(address).ok()?).ok()?;
        Some(TokenContent { address, purpose, key: keys.number, end, signup })
    }

    /// What stands behind the first byte of version 1: a code, and the address as it is.
    fn content_1(&self, list_id: &str, bytes: &[u8]) -> Option<TokenContent> {
        let keys = self.of_number(1)?;
        let (code, address) = bytes.split_at_checked(MAC)?;
        let address = std::str::from_utf8(address).ok()?;
        let is_ours = crypto::equal(code, &keys.code_1(list_id, address));
        let address = if is_ours { Address::parse(address).ok()? } else { return None };
        let (purpose, key) = (Purpose::Unsubscribe, keys.number);
        Some(TokenContent { address, purpose, key, end: None, signup: None })
    }

    /// The left side of the Message-ID of one issue's message to one recipient: the same at every
    /// attempt, so that a repeated message can be recognised, and no guide to anybody's address.
    pub fn message_token(&self, list_id: &str, issue: &str, address: &Address) -> String {
        let identity = address.identity();
        let parts: [&[u8]; 3] = [list_id.as_bytes(), issue.as_bytes(), identity.as_bytes()];
        plain(&first::<MAC>(&self.newest.message_id.authenticate(&parts)))
    }

    /// What stands for `{token}` in the reverse-path of that message, which has the number `row` in
    /// the ledger, or 0 where it has none. Nobody can work it out from the message: who sends a false
    /// bounce to that address has seen the envelope.
    ///
    /// It is a code over list, issue and recipient, and beside it the number, encrypted under that
    /// code: [`Keys::reverse_path_rows`] finds the row, and [`Keys::is_reverse_path_token`] says
    /// whether the row is the one that was meant.
    pub fn reverse_path_token(
        &self,
        list_id: &str,
        issue: &str,
        address: &Address,
        row: u64,
    ) -> String {
        let row = row_bytes(row);
        let code = self.newest.row_code(list_id, issue, address, row);
        plain(&[&self.newest.masked(row, &code)[..], &code].concat())
    }

    /// The rows that the token of a reverse-path may name, one for each key and the newest first:
    /// none where it is no such token. Anybody can make a text that names some row, so a row counts
    /// only when [`Keys::is_reverse_path_token`] says so.
    pub fn reverse_path_rows(&self, token: &str) -> Vec<u64> {
        let Some((masked, code)) = row_and_code(token) else { return Vec::new() };
        let number = |keys: &NumberedKeys| {
            let mut bytes = [0; 8];
            bytes[8 - ROW..].copy_from_slice(&keys.masked(masked, &code));
            u64::from_be_bytes(bytes)
        };
        self.all().map(number).collect()
    }

    /// Whether we made `token` for the message of `issue` to `address` with the number `row`.
    pub fn is_reverse_path_token(
        &self,
        list_id: &str,
        issue: &str,
        address: &Address,
        row: u64,
        token: &str,
    ) -> bool {
        let Some((masked, code)) = row_and_code(token) else { return false };
        let row = row_bytes(row);
        let ours = |keys: &NumberedKeys| {
            let is_code = crypto::equal(&code, &keys.row_code(list_id, issue, address, row));
            is_code & crypto::equal(&masked, &keys.masked(row, &code))
        };
        self.all().any(ours)
    }
}

/// What stands in a token of one sign-up or one change.
fn of_one(id: &SignupId, address: &Address, end: Timestamp) -> Vec<u8> {
    [&end.as_second().to_be_bytes()[..], id, address.as_str().as_bytes()].concat()
}

/// What a token is encrypted under besides its key: its first byte, and its list.
fn context(version: u8, list_id: &str) -> Vec<u8> {
    [&[version], list_id.as_bytes()].concat()
}

fn decoded(token: &str) -> Option<Vec<u8>> {
    let token = Some(token).filter(|token| token.len() <= MAX_LENGTH)?;
    data_encoding::BASE64URL_NOPAD.decode(token.as_bytes()).ok()
}

/// The first bytes of a code.
fn first<const N: usize>(code: &[u8; 32]) -> [u8; N] {
    std::array::from_fn(|at| code[at])
}

/// Letters that any mail program leaves as they are, also where it changes their case.
fn plain(bytes: &[u8]) -> String {
    data_encoding::BASE32_NOPAD.encode(bytes).to_ascii_lowercase()
}

/// The number of a row, without its first bytes: no ledger counts so far.
fn row_bytes(row: u64) -> [u8; ROW] {
    let bytes = row.to_be_bytes();
    std::array::from_fn(|at| bytes[8 - ROW + at])
}

/// The masked number and the code in the token of a reverse-path, in letters of either case.
fn row_and_code(token: &str) -> Option<([u8; ROW], [u8; ROW_CODE])> {
    let token = Some(token).filter(|token| token.len() <= MAX_LENGTH)?.to_ascii_uppercase();
    let bytes = data_encoding::BASE32_NOPAD.decode(token.as_bytes()).ok()?;
    let (row, code) = bytes.split_first_chunk::<ROW>()?;
    Some((*row, code.try_into().ok()?))
}

/// The token in what somebody has copied: a whole link, with angle brackets, folded over lines,
/// escaped, or wrapped in the link of a filter; or the token alone.
pub fn token_in(text: &str) -> Option<String> {
    // Whoever copies a whole mail means another command.
    let text: String = text.chars().take(8 * MAX_LENGTH).filter(|c| !c.is_whitespace()).collect();
    let text = percent_encoding::percent_decode_str(&text).decode_utf8().ok()?;
    let mut pages = Purpose::ALL.into_iter().map(|purpose| format!("/{purpose}/"));
    let token = match pages.find_map(|page| text.split_once(page.as_str())) {
        Some((_, token)) => token,
        None if text.contains(['/', ':']) => return None,
        None => text.trim_matches(['<', '>', '"', '\'']),
    };
    let token: String = token
        .chars()
        // Quoted-printable breaks lines behind an equals sign.
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '='))
        .filter(|c| *c != '=')
        .collect();
    (!token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    fn moment(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// As version 1 wrote it.
    fn token_1(secret: &[u8], list_id: &str, address: &Address) -> String {
        let code = NumberedKeys::new((1, secret)).code_1(list_id, address.as_str());
        let bytes = [&[VERSION_1][..], &code, address.as_str().as_bytes()].concat();
        data_encoding::BASE64URL_NOPAD.encode(&bytes)
    }

    const SIGNUP: SignupId = [7; 16];

    /// One for each purpose, and one of version 1.
    fn tokens(keys: &Keys, kim: &Address) -> [String; 7] {
        [
            keys.unsubscribe_token("list", kim),
            keys.preferences_token("list", kim),
            keys.confirm_token("list", kim, (&SIGNUP, moment(1_000))),
            keys.data_token("list", kim, moment(1_000)),
            keys.address_token("list", kim, (&SIGNUP, moment(1_000))),
            keys.restore_token("list", kim, (&SIGNUP, moment(1_000))),
            token_1(b"secret", "list", kim),
        ]
    }

    #[test]
    fn a_token_names_its_address_and_nothing_else_passes() {
        let (keys, kim) = (Keys::new(b"secret"), address("Kim+x@a.example"));
        for token in tokens(&keys, &kim) {
            let content = keys.read_token("list", &token).unwrap();
            assert_eq!((&content.address, content.key), (&kim, 1));
            assert_eq!(keys.read_token("other", &token), None);
            assert_eq!(Keys::new(b"other").read_token("list", &token), None);
            for cut in 0..token.len() {
                assert_eq!(keys.read_token("list", &token[..cut]), None);
            }
        }
        assert_eq!(keys.read_token("list", &"A".repeat(10_000)), None);
    }

    #[test]
    fn a_token_is_for_one_purpose() {
        let (keys, kim) = (Keys::new(b"secret"), address("kim@a.example"));
        let read = |token: &str| {
            [
                keys.read_unsubscribe_token("list", token).is_some(),
                keys.read_preferences_token("list", token).is_some(),
                keys.read_confirm_token("list", token).is_some(),
                keys.read_data_token("list", token).is_some(),
                keys.read_address_token("list", token).is_some(),
                keys.read_restore_token("list", token).is_some(),
            ]
        };
        let found = tokens(&keys, &kim).map(|token| read(&token));
        let only = |at: usize| [0, 1, 2, 3, 4, 5].map(|one| one == at);
        assert_eq!(found, [only(0), only(1), only(2), only(3), only(4), only(5), only(0)]);
    }

    #[test]
    fn a_token_for_taking_back_is_for_nothing_else_and_ends() {
        let (keys, kim) = (Keys::new(b"secret"), address("kim@a.example"));
        let token = keys.undo_token("list", &kim, moment(1_000));
        let read = |now| keys.read_undo_token("list", &token, moment(now));
        assert_eq!((read(999), read(1_000)), (Some((kim.clone(), moment(1_000))), None));
        assert_eq!(keys.read_unsubscribe_token("list", &token), None);
        assert_eq!(keys.read_preferences_token("list", &token), None);
        assert_eq!(keys.read_confirm_token("list", &token), None);
        for other in tokens(&keys, &kim) {
            assert_eq!(keys.read_undo_token("list", &other, moment(0)), None);
        }
    }

    #[test]
    fn a_token_for_confirming_says_which_sign_up_and_until_when() {
        let (keys, kim) = (Keys::new(b"secret"), address("kim@a.example"));
        let token = keys.confirm_token("list", &kim, (&SIGNUP, moment(1_000)));
        let read = keys.read_confirm_token("list", &token);
        assert_eq!(read, Some((kim.clone(), SIGNUP, moment(1_000))));
        let other = keys.confirm_token("list", &kim, (&[8; 16], moment(1_000)));
        assert_ne!(token, other);
        assert_eq!(keys.read_confirm_token("other", &token), None);
    }

    // In every base64 the letters depend on where they stand, so all three are looked for.
    #[test]
    fn a_token_shows_nothing_of_its_address_and_is_short() {
        let (keys, kim) = (Keys::new(b"secret"), address("kim.minji@a.example"));
        for token in &tokens(&keys, &kim)[..3] {
            assert!(token.len() <= 88, "{token}");
            let bytes = data_encoding::BASE64URL_NOPAD.decode(token.as_bytes()).unwrap();
            for piece in kim.as_str().as_bytes().windows(3) {
                assert!(!bytes.windows(3).any(|there| there == piece), "{token}");
            }
        }
        let old = data_encoding::BASE64URL_NOPAD
            .decode(token_1(b"secret", "list", &kim).as_bytes())
            .unwrap();
        assert!(old.ends_with(kim.as_str().as_bytes()));
    }

    // Worked out apart from this code, with the HMAC of another language.
    #[test]
    fn tokens_of_version_1_stay_valid() {
        let token = "AYxq4GoRjUMQVGl0Yqm4OcpraW1AYS5leGFtcGxl";
        let kim = Some(address("kim@a.example"));
        let rotated = Keys::numbered((2, b"a newer one"), [(1, &b"secret"[..])]);
        for keys in [Keys::new(b"secret"), rotated] {
            assert_eq!(keys.read_unsubscribe_token("list", token), kim);
        }
        // Later keys have made none, so theirs are forged.
        let later = token_1(b"a newer one", "list", &address("kim@a.example"));
        let rotated = Keys::numbered((2, b"a newer one"), [(1, &b"secret"[..])]);
        assert_eq!(rotated.read_unsubscribe_token("list", &later), None);
    }

    #[test]
    fn older_keys_are_read_and_the_newest_writes() {
        let kim = address("kim@a.example");
        let old = Keys::new(b"secret");
        let new = Keys::numbered((2, b"a newer one"), [(1, &b"secret"[..])]);
        let (before, after) =
            (old.unsubscribe_token("list", &kim), new.unsubscribe_token("list", &kim));
        let key = |token: &str| new.read_token("list", token).map(|content| content.key);
        assert_eq!((key(&before), key(&after)), (Some(1), Some(2)));
        assert_eq!(old.read_unsubscribe_token("list", &after), None);
        // The number is part of what is encrypted: the same key under another number is another.
        let twice = Keys::numbered((2, b"secret"), [(1, &b"secret"[..])]);
        let mut bytes = data_encoding::BASE64URL_NOPAD.decode(before.as_bytes()).unwrap();
        bytes[0] += 1;
        let renumbered = data_encoding::BASE64URL_NOPAD.encode(&bytes);
        assert!(twice.read_token("list", &before).is_some());
        assert_eq!(twice.read_token("list", &renumbered), None);
        // Who takes an old key away, takes its links away.
        let alone = Keys::numbered((2, b"a newer one"), []);
        assert_eq!(alone.read_token("list", &before), None);
        let last = Keys::numbered((MOST_KEYS, b"the last"), []);
        let token = last.unsubscribe_token("list", &kim);
        assert_eq!(last.read_token("list", &token).map(|content| content.key), Some(MOST_KEYS));
    }

    #[test]
    fn a_token_is_found_in_what_people_copy() {
        let link = "https://a.example/unsubscribe/AQ-b_c9";
        for text in [
            "AQ-b_c9",
            " <AQ-b_c9> ",
            link,
            "<https://a.example/unsubscribe/AQ-b_c9>, <mailto:x@a.example>",
            "https://a.example/unsubscribe/AQ-b_c9?utm_source=x#y",
            "https://a.example/unsubscribe/AQ-=\r\nb_c9)",
            "List-Unsubscribe: <https://a.example/unsub\r\n scribe/AQ-b_c9>",
            "https://safe.example/?url=https%3A%2F%2Fa.example%2Funsubscribe%2FAQ-b_c9&data=05",
        ] {
            assert_eq!(token_in(text).as_deref(), Some("AQ-b_c9"), "{text}");
        }
        for text in ["", "  ", "https://a.example/", "https://a.example/unsubscribe/", "한"] {
            assert_eq!(token_in(text), None, "{text}");
        }
    }

    #[test]
    fn message_tokens_do_not_depend_on_case() {
        let keys = Keys::new(b"secret");
        let token = |text: &str| keys.message_token("l", "1", &Address::parse(text).unwrap());
        assert_eq!(token("Kim@a.example"), token("kim@a.example"));
        assert_ne!(token("kim@a.example"), token("lee@a.example"));
    }

    #[test]
    fn no_token_of_a_message_is_its_other_one_or_can_be_read_as_one() {
        let keys = Keys::new(b"secret");
        let kim = address("kim@a.example");
        let (id, path) =
            (keys.message_token("l", "1", &kim), keys.reverse_path_token("l", "1", &kim, 7));
        assert_eq!((id.len(), path.len()), (26, 26));
        assert_ne!(id, path);
        assert_eq!(path, keys.reverse_path_token("l", "1", &address("KIM@a.example"), 7));
        for other in [
            keys.reverse_path_token("l", "2", &kim, 7),
            keys.reverse_path_token("m", "1", &kim, 7),
            keys.reverse_path_token("l", "1", &address("lee@a.example"), 7),
            keys.reverse_path_token("l", "1", &kim, 8),
            Keys::new(b"other").reverse_path_token("l", "1", &kim, 7),
        ] {
            assert_ne!(path, other);
        }
        // The parts are kept apart: nobody makes an issue's name a piece of the list's.
        assert_ne!(
            keys.reverse_path_token("l1", "2", &kim, 7),
            keys.reverse_path_token("l", "12", &kim, 7)
        );
        assert!(!keys.reverse_path_rows(&id).contains(&7));
    }

    #[test]
    fn a_reverse_path_finds_its_row_under_any_key_and_proves_it() {
        let kim = address("kim@a.example");
        let old = Keys::new(b"secret");
        let new = Keys::numbered((2, b"a newer one"), [(1, &b"secret"[..])]);
        let token = old.reverse_path_token("l", "1", &kim, 1_000_000);
        for token in [token.clone(), token.to_ascii_uppercase()] {
            assert_eq!(new.reverse_path_rows(&token).last(), Some(&1_000_000));
            assert!(new.is_reverse_path_token("l", "1", &kim, 1_000_000, &token));
        }
        for is_ours in [
            // Another ledger may have somebody else there.
            new.is_reverse_path_token("l", "1", &address("lee@a.example"), 1_000_000, &token),
            new.is_reverse_path_token("l", "2", &kim, 1_000_000, &token),
            new.is_reverse_path_token("m", "1", &kim, 1_000_000, &token),
            new.is_reverse_path_token("l", "1", &kim, 1_000_001, &token),
            Keys::new(b"other").is_reverse_path_token("l", "1", &kim, 1_000_000, &token),
        ] {
            assert!(!is_ours);
        }
        for text in [
            "",
            "a",
            "한",
            &token[1..],
            &format!("{token}a"),
            &token.replace(char::is_alphabetic, "1"),
        ] {
            assert!(new.reverse_path_rows(text).is_empty(), "{text}");
            assert!(!new.is_reverse_path_token("l", "1", &kim, 1_000_000, text), "{text}");
        }
    }

    /// Secrets with keys of any number, the newest first.
    fn rings() -> impl Strategy<Value = Keys> {
        proptest::collection::btree_map(1..=MOST_KEYS, "[a-f0-9]{16}", 1..4).prop_map(|all| {
            let mut all = all.iter().rev().map(|(number, key)| (*number, key.as_bytes()));
            let newest = all.next().unwrap();
            Keys::numbered(newest, all)
        })
    }

    proptest! {
        #[test]
        fn no_changed_token_passes(which in 0_usize..6, at in 0_usize..100, with in "[A-Za-z0-9_-]") {
            let keys = Keys::new(b"secret");
            let token = tokens(&keys, &address("kim@a.example"))[which].clone();
            let at = at % token.len();
            let mut changed = token.clone();
            changed.replace_range(at..=at, &with);
            let read = keys.read_token("list", &changed);
            prop_assert!(changed == token || read.is_none());
        }

        #[test]
        fn every_token_is_read_as_it_was_made(
            keys in rings(), list in "[a-z.]{0,20}", name in "[a-zA-Z0-9._+-]{1,40}", end in 0_i64..253_402_207_200,
        ) {
            let Ok(kim) = Address::parse(&format!("{name}@a.example")) else { return Ok(()) };
            let (end, key) = (moment(end), keys.newest.number);
            let confirming = keys.confirm_token(&list, &kim, (&SIGNUP, end));
            let moving = keys.address_token(&list, &kim, (&SIGNUP, end));
            let restoring = keys.restore_token(&list, &kim, (&SIGNUP, end));
            for (token, purpose, end, signup) in [
                (keys.unsubscribe_token(&list, &kim), Purpose::Unsubscribe, None, None),
                (keys.preferences_token(&list, &kim), Purpose::Preferences, None, None),
                (confirming, Purpose::Confirm, Some(end), Some(SIGNUP)),
                (moving, Purpose::Address, Some(end), Some(SIGNUP)),
                (restoring, Purpose::Restore, Some(end), Some(SIGNUP)),
            ] {
                let content = TokenContent { address: kim.clone(), purpose, key, end, signup };
                prop_assert_eq!(keys.read_token(&list, &token), Some(content));
                prop_assert_eq!(token_in(&format!("<https://a.example/{purpose}/{token}>")), Some(token));
            }
        }

        #[test]
        fn any_text_has_an_answer_and_none_is_a_token(keys in rings(), text in "\\PC{0,450}", bytes: Vec<u8>) {
            for text in [text, data_encoding::BASE64URL_NOPAD.encode(&bytes), plain(&bytes)] {
                prop_assert_eq!(keys.read_token("list", &text), None);
                let kim = address("kim@a.example");
                for row in keys.reverse_path_rows(&text) {
                    prop_assert!(!keys.is_reverse_path_token("list", "1", &kim, row, &text));
                }
                token_in(&text);
            }
        }

        #[test]
        fn no_changed_reverse_path_passes(row in 0_u64..1 << 48, at in 0_usize..26, with in "[a-z2-7]") {
            let (keys, kim) = (Keys::new(b"secret"), address("kim@a.example"));
            let token = keys.reverse_path_token("l", "1", &kim, row);
            prop_assert_eq!(keys.reverse_path_rows(&token), [row]);
            let mut changed = token.clone();
            changed.replace_range(at..=at, &with);
            let is_ours = |row| keys.is_reverse_path_token("l", "1", &kim, row, &changed);
            prop_assert!(changed == token || !is_ours(row));
            prop_assert!(changed == token || !keys.reverse_path_rows(&changed).into_iter().any(is_ours));
        }
    }
}
