//! `digest dkim keygen`: a key to sign with, and what to write into DNS and `digest.toml`.
//!
//! Must never overwrite a key, nor show one.

use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;
use sejong_digest::config::Config;
use sejong_digest::crypto::signing::{Algorithm, SigningKey};
use sejong_digest::message::dkim::{self, Signer};

use super::failure::{Ending, Exit, Failure};
use super::files::describe;
use super::workspace;
use super::{Global, files, print};

/// A text of a TXT record holds so many bytes (RFC 1035 3.3).
const TXT: usize = 255;

/// Sign messages: make a key and its DNS record
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Keygen(Keygen),
}

const LONG: &str = "\
Make a key, and print what to add to DNS and digest.toml

Writes the private key to a file that only you can read. A file that already exists is never
overwritten. Publish the DNS record first; begin to sign when DNS answers with it. To change keys,
make a new one with another selector, and keep the old record in DNS for a week after the last
message that was signed with the old key.";

const EXAMPLES: &str = "\
Examples:
  digest dkim keygen
  digest dkim keygen --selector digest2026
  digest dkim keygen --ed25519
  digest dkim keygen --domain sejong.example -o /etc/digest/dkim.pem";

/// Make a key, and print what to add to DNS and digest.toml
#[derive(Debug, clap::Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
struct Keygen {
    /// The key's name in DNS [default: digest, or digest-ed25519]
    #[arg(long, value_name = "NAME")]
    selector: Option<String>,
    /// The domain that signs [default: the one in digest.toml]
    #[arg(long, value_name = "DOMAIN")]
    domain: Option<String>,
    /// Make an Ed25519 key, for a second signature; every receiver knows RSA, not every one Ed25519
    #[arg(long)]
    ed25519: bool,
    /// The file for the key [default: dkim-SELECTOR.pem beside digest.toml, or in this folder]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Runs `digest dkim`.
pub(crate) fn run(global: &Global, args: &Args) -> Ending {
    let Command::Keygen(args) = &args.command;
    keygen(global, args)
}

fn keygen(global: &Global, args: &Keygen) -> Ending {
    let publication = publication(global, args)?;
    let (algorithm, named) = if args.ed25519 {
        (Algorithm::Ed25519, "digest-ed25519")
    } else {
        (Algorithm::Rsa, "digest")
    };
    let usage = |error: dkim::DkimError| Failure::usage(error.to_string());
    let selector = dkim::selector(args.selector.as_deref().unwrap_or(named)).map_err(usage)?;
    let configured = publication.as_ref().map(|(_, config)| config.signing_domain());
    let domain = match (&args.domain, configured) {
        (Some(domain), _) => dkim::domain(domain).map_err(usage)?,
        (None, Some(domain)) => domain.to_owned(),
        (None, None) => {
            return Err(Failure::usage("the domain that signs is not known")
                .help("name it with --domain; inside a publication it is the domain of From"));
        }
    };
    let root = publication.as_ref().map_or(Path::new(""), |(root, _)| root);
    let name = format!("dkim-{selector}.pem");
    let path = args.output.clone().unwrap_or_else(|| root.join(name));
    let key = SigningKey::generate(algorithm)?;
    let text = key.to_pem()?;
    let told = KeyReport {
        what: format!("{}, {} bits", algorithm.name(), key.bits()),
        algorithm,
        path: &path,
        root,
        domain: (configured != Some(domain.as_str())).then_some(domain.as_str()),
        signer: Signer::new(&domain, &selector, key).map_err(usage)?,
    };
    let report = told.report()?;
    files::create_private(&path, text.expose_secret())?;
    print::words(&report)?;
    Ok(Exit::Done)
}

/// The publication, if there is one; it is needed only for what the arguments do not say.
fn publication(global: &Global, args: &Keygen) -> Result<Option<(PathBuf, Config)>, Failure> {
    if global.publication.is_none() && workspace::root(global).is_err() {
        return Ok(None);
    }
    match workspace::Workspace::try_open(global) {
        Ok(Ok(workspace)) => Ok(Some((workspace.root, workspace.config))),
        Ok(Err(problems)) if args.domain.is_none() => {
            print::problems(&problems);
            Err(Failure::checks("the publication's digest.toml has errors")
                .help("correct them, or say the domain with --domain"))
        }
        Ok(Err(_)) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// What the report is made of.
struct KeyReport<'a> {
    what: String,
    algorithm: Algorithm,
    path: &'a Path,
    root: &'a Path,
    /// Where it is not the one that `digest.toml` means already.
    domain: Option<&'a str>,
    signer: Signer,
}

impl KeyReport<'_> {
    fn report(&self) -> Result<String, Failure> {
        let (name, value) = (self.signer.record_name(), self.signer.record()?);
        let mut text =
            format!("made {} ({}); keep it out of git\n\n", describe(self.path), self.what);
        text.push_str(&format!("DNS\n  Name   {name}\n  Type   TXT\n  Value  {value}\n\n"));
        text.push_str(&format!("The same in a zone file\n  {name}. IN TXT (\n"));
        for part in value.as_bytes().chunks(TXT) {
            text.push_str(&format!("    \"{}\"\n", String::from_utf8_lossy(part)));
        }
        text.push_str("  )\n\ndigest.toml\n  [dkim]\n");
        if let Some(domain) = self.domain {
            text.push_str(&format!("  domain = \"{domain}\"\n"));
        }
        let prefix = match self.algorithm {
            Algorithm::Rsa => "",
            Algorithm::Ed25519 => "ed25519_",
        };
        let file = toml_text(&self.path_for_toml());
        text.push_str(&format!("  {prefix}selector = \"{}\"\n", self.signer.selector()));
        text.push_str(&format!("  {prefix}key_file = {file}\n"));
        Ok(text)
    }

    /// From the root where the file is below it; else from the top.
    fn path_for_toml(&self) -> String {
        let whole = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let (path, root) = (whole(self.path), whole(self.root));
        match path.strip_prefix(&root) {
            Ok(inside) => inside.display().to_string(),
            Err(_) => path.display().to_string(),
        }
    }
}

/// A text as TOML writes it.
fn toml_text(text: &str) -> String {
    if text.contains(['"', '\\']) { format!("'{text}'") } else { format!("\"{text}\"") }
}
