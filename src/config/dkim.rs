//! `[dkim]` -> signers. The keys are read only for who sends: an editor who checks and renders has
//! none, and needs none.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

use crate::crypto::signing::{Algorithm, KeyError, SigningKey};
use crate::diagnostic::{Diagnostic, Place};
use crate::files::{self, FileError};
use crate::manifest::{Located, Table};
use crate::message::dkim::{self, Signer};

/// The rule of every problem with a key.
const RULE: &str = "dkim-key";

/// Whose signature messages carry.
#[derive(Clone, Debug)]
pub struct Dkim {
    domain: String,
    keys: Vec<KeyFile>,
    warning: Option<Diagnostic>,
}

/// A selector and the file with its private key.
#[derive(Clone, Debug)]
struct KeyFile {
    algorithm: Algorithm,
    selector: String,
    path: PathBuf,
    /// Where `digest.toml` names the file.
    place: Place,
}

impl Dkim {
    /// Reads the keys.
    ///
    /// # Errors
    /// What is wrong with each key that cannot be used; never a part of it.
    pub fn signers(&self) -> Result<Vec<Signer>, Vec<Diagnostic>> {
        let mut signers = Vec::new();
        let mut problems = Vec::new();
        for key in &self.keys {
            match key.signer(&self.domain) {
                Ok(signer) => signers.push(signer),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(signers) } else { Err(problems) }
    }

    /// `d=`.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// What receivers will hold against the signature although it is good.
    pub fn warning(&self) -> Option<&Diagnostic> {
        self.warning.as_ref()
    }
}

/// `d=sejong.example s=digest`
impl std::fmt::Display for Dkim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "d={}", self.domain)?;
        for key in &self.keys {
            write!(f, " s={} ({})", key.selector, key.algorithm.name())?;
        }
        Ok(())
    }
}

impl KeyFile {
    fn signer(&self, domain: &str) -> Result<Signer, Diagnostic> {
        let shown = self.path.display();
        let problem = |what: String, help: String| {
            Diagnostic::error(RULE, what).at(self.place.clone()).help(help)
        };
        let text = files::read_private(&self.path).map_err(|error| match error {
            FileError::Shared => {
                let what = format!("other users of this computer can read the key file {shown}");
                problem(what, format!("run `chmod 600 {shown}`"))
            }
            error => {
                let what = format!("the key file {shown} cannot be read: {error}");
                problem(what, "`digest dkim keygen` makes a key and its DNS record".to_owned())
            }
        })?;
        let text = SecretString::from(String::from_utf8_lossy(&text).into_owned());
        let key = SigningKey::from_pem(text.expose_secret()).map_err(|error| {
            let help = match error {
                KeyError::Short => {
                    "receivers refuse or distrust short keys; make a new one with `digest dkim \
                     keygen --selector NEW`, and keep the old record"
                }
                KeyError::Encrypted => "`openssl pkey -in OLD -out NEW` removes the password",
                _ => "name the file with the private key that `digest dkim keygen` made",
            };
            problem(format!("the key file {shown} cannot be used: {error}"), help.to_owned())
        })?;
        if key.algorithm() != self.algorithm {
            let (found, wanted) = (key.algorithm().name(), self.algorithm.name());
            let what = format!("the key file {shown} contains a key for {found}, not for {wanted}");
            let help = "key_file is for RSA, ed25519_key_file for Ed25519";
            return Err(problem(what, help.to_owned()));
        }
        Signer::new(domain, &self.selector, key)
            .map_err(|error| problem(error.to_string(), "choose a shorter one".to_owned()))
    }
}

/// Reads `[dkim]`; `None` where it is missing, or has problems.
pub(super) fn read(
    table: &mut Table,
    root: &Path,
    from_domain: Option<&str>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Dkim> {
    let mut section = table.table("dkim");
    if section.is_empty() {
        section.finish(problems);
        return None;
    }
    let domain = section.text("domain");
    let alignment = domain.as_ref().map(|text| section.place(&text.span));
    let domain = match domain {
        Some(text) => named(&mut section, &text, dkim::domain),
        None => from_domain.map(str::to_owned),
    };
    let selector = section.required_text(
        "selector",
        "add selector = \"…\"; `digest dkim keygen` makes the key and prints these lines",
    );
    let file =
        section.required_text("key_file", "add key_file = \"…\"; `digest dkim keygen` makes it");
    let second = section.text("ed25519_selector");
    let second_file = section.text("ed25519_key_file");
    let mut keys = Vec::new();
    keys.extend(key(&mut section, root, Algorithm::Rsa, selector, file));
    if let (Some(text), None) | (None, Some(text)) = (&second, &second_file) {
        let place = section.place(&text.span);
        let what = "ed25519_selector and ed25519_key_file must both be there";
        section.report(Diagnostic::error("missing-key", what).at(place));
    }
    keys.extend(key(&mut section, root, Algorithm::Ed25519, second.clone(), second_file));
    if let ([first, other], Some(text)) = (&keys[..], &second)
        && first.selector == other.selector
    {
        let place = section.place(&text.span);
        let problem =
            Diagnostic::error("dkim-selector", "two keys have the same selector").at(place).help(
                "a DNS record holds only one key: choose another selector, such as digest-ed25519",
            );
        section.report(problem);
    }
    section.finish(problems);
    let domain = domain?;
    let warning = from_domain.and_then(|from| misaligned(&domain, from, alignment));
    Some(Dkim { domain, keys, warning })
}

fn key(
    section: &mut Table,
    root: &Path,
    algorithm: Algorithm,
    selector: Option<Located<String>>,
    file: Option<Located<String>>,
) -> Option<KeyFile> {
    let selector = selector.and_then(|text| named(section, &text, dkim::selector));
    let (selector, file) = (selector?, file?);
    let place = section.place(&file.span);
    Some(KeyFile { algorithm, selector, path: root.join(file.value), place })
}

fn named(
    section: &mut Table,
    text: &Located<String>,
    parse: fn(&str) -> Result<String, dkim::DkimError>,
) -> Option<String> {
    let place = section.place(&text.span);
    parse(&text.value)
        .map_err(|error| {
            section.report(Diagnostic::error("dkim-name", error.to_string()).at(place));
        })
        .ok()
}

/// DMARC (RFC 7489 3.1.1) counts a signature of the From domain, or of one that belongs to the same
/// owner. Without the public suffix list, only a domain above or below it is surely that.
fn misaligned(domain: &str, from: &str, place: Option<Place>) -> Option<Diagnostic> {
    if dkim::related(domain, from) {
        return None;
    }
    let what = format!("messages are signed for {domain}, but From is at {from}");
    let warning = Diagnostic::warning("dkim-alignment", what).help(
        "DMARC accepts only a signature by the domain of From, or by a domain above or below it",
    );
    Some(match place {
        Some(place) => warning.at(place),
        None => warning,
    })
}
