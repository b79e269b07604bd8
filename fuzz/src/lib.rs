//! Whatever bytes arrive, Bandera answers: nothing panics, and what must hold of an answer holds.
//!
//! Each [`Target`] takes any bytes. `cargo fuzz run NAME` runs one; the binary `every` holds all of
//! them and runs the one that `BANDERA_FUZZ_TARGET` names, so that `npm test` links once.

mod ask;
mod edge;
mod events;
mod import;
mod mutate;
mod ruleset;
mod target;
mod tokens;

pub use mutate::mutate;
pub use target::{Shape, TARGETS, Target, named};

/// Makes a binary of libFuzzer's that runs one target.
#[macro_export]
macro_rules! fuzz {
    ($target:expr) => {
        libfuzzer_sys::fuzz_target!(init: { let _ = $target.name; }, |data: &[u8]| {
            ($target.run)(data)
        });
        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max: usize, seed: u32| {
            $crate::mutate($target.shape, data, size, max, seed)
        });
    };
}
