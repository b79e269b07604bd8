//! Native nanoseconds of one work: `bandera-timing NAME` prints them, the least of some batches of
//! processor time. Without a name it lists what there is.

#[cfg(not(target_family = "wasm"))]
fn main() {
    use std::time::Duration;

    const BATCH: Duration = Duration::from_millis(20);
    const N_BATCHES: usize = 7;

    let Some(name) = std::env::args().nth(1) else {
        println!("{}", bandera_timing::works().join("\n"));
        return;
    };
    let Some(mut ready) = bandera_timing::ready(&name) else {
        eprintln!("there is no work \"{name}\"; without a name they are listed");
        std::process::exit(2);
    };
    let mut time = |repetitions| {
        let started = cpu_time::ThreadTime::now();
        ready.repeat(repetitions);
        started.elapsed()
    };
    let mut repetitions = 1;
    while time(repetitions) < BATCH {
        repetitions *= 2;
    }
    let batches = (0..N_BATCHES).map(|_| time(repetitions));
    let least = batches.min().unwrap_or_default();
    println!("{}", least.as_secs_f64() * 1e9 / f64::from(repetitions));
}

#[cfg(target_family = "wasm")]
fn main() {}
