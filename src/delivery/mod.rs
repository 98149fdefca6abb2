//! Who is next, and what became of each.

pub mod pace;
