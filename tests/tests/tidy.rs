//! The repository's boundaries, as tests: sizes, purity, dependency arrows, names, hygiene.
//!
//! Each rule is a function from text to findings. Beside the test that applies it to the
//! repository stands one that gives it an offence, since a check that cannot fail is none.

mod tidy {
    pub mod arrows;
    pub mod hygiene;
    pub mod names;
    pub mod purity;
    pub mod repository;
    pub mod sizes;
}
