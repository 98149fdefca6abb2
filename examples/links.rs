//! The paths of people's links for leaving, a line each: what `bench/web.py` has many people follow.
//!
//! `links FOLDER LIST_ID COUNT` makes those of `r0000000@x.example` and so on, with the secret of the
//! publication in the folder.

// An example prints.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::io::Write as _;
use std::path::Path;

use sejong_digest::config;
use sejong_digest::message::address::Address;
use sejong_digest::message::token::Keys;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("links FOLDER LIST_ID COUNT");
    let (folder, list_id, count) = (next()?, next()?, next()?.parse::<u32>()?);
    let secret = config::known_secret(Path::new(&folder), &[])?.ok_or("there is no secret")?;
    let keys = Keys::numbered(secret.newest(), secret.older());
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for number in 0..count {
        let address = Address::parse(&format!("r{number:07}@x.example"))?;
        writeln!(out, "/unsubscribe/{}", keys.unsubscribe_token(&list_id, &address))?;
    }
    out.flush()?;
    Ok(())
}
