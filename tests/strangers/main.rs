//! Files that a stranger could send in a pull request: whatever an article, a picture or a style
//! sheet holds, it can do nothing but be a bad article.

// A test says what it expects with unwrap.
#![allow(clippy::unwrap_used)]

#[path = "../harness/mod.rs"]
mod harness;

mod bounded;
