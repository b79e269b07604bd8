//! The repository's boundaries, as tests: sizes, purity, dependency arrows, names, deadlines,
//! hygiene.
//!
//! Each rule is a function from text to findings. Beside the test that applies it to the
//! repository stands one that gives it an offence, since a check that cannot fail is none.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly, also outside of #[test] functions"
)]

mod tidy {
    mod arrows;
    mod deadlines;
    mod hygiene;
    mod names;
    mod purity;
    mod repository;
    mod sizes;
}
