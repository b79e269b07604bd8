//! Native nanoseconds of one work: `bandera-timing NAME` prints them, the least of some batches of
//! processor time. Without a name it lists what there is. `--published FOLDER` writes what an edge
//! reads of a contextual bandit of ten actions and thirty features.

#[cfg(not(target_family = "wasm"))]
fn main() {
    use std::time::Duration;

    const BATCH: Duration = Duration::from_millis(20);
    const N_BATCHES: usize = 7;

    let Some(name) = std::env::args().nth(1) else {
        println!("{}", bandera_timing::works().join("\n"));
        return;
    };
    if name == "--published" {
        if let Err(error) = publish(&std::env::args().nth(2).unwrap_or_default()) {
            eprintln!("{error}");
            std::process::exit(1);
        }
        return;
    }
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

#[cfg(not(target_family = "wasm"))]
fn publish(folder: &str) -> Result<(), Box<dyn std::error::Error>> {
    let published = bandera_timing::published(10, 30).ok_or("it cannot be published")?;
    let folder = std::path::Path::new(folder);
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("bundle"), published.bundle)?;
    std::fs::write(folder.join("bundle-key.txt"), published.bundle_key)?;
    std::fs::write(folder.join("texts.json"), published.texts)?;
    std::fs::write(folder.join("request.json"), published.request)?;
    std::fs::write(folder.join("bandits.json"), published.bandits)?;
    Ok(())
}

#[cfg(target_family = "wasm")]
fn main() {}
