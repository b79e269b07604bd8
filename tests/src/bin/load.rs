//! A load generator for HTTP on loopback: few instructions a request, so that on a small machine
//! the server under test gets the processor.
//!
//! Usage: `load PORT PATH CONNECTIONS SECONDS [BODY_FILE]`. Without a body it sends `GET`, with one
//! `POST`, as `application/json`. Prints one JSON object: requests, failures, seconds, percentiles.
//!
//! `load PORT PATH CONNECTIONS SECONDS --events N BANDITS_FILE BANDIT` posts batches of N new
//! events of that bandit, as a server that presents the token `bench` to the environment `bench`;
//! a request fails unless every event of it is committed.

use std::borrow::Cow;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use bandera_shared::UnixMillis;
use bandera_tests::reports::{Reports, Signing, n_committed};
use serde_json::json;

/// The key of an edge that serves benchmarks and nobody else.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/// Headers of what is posted.
const JSON: &str = "Content-Type: application/json\r\n";
/// The same from a server that has a token.
const AS_SERVER: &str = "Content-Type: application/json\r\nAuthorization: Bearer bench\r\n";

/// What one connection saw.
#[derive(Default)]
struct Seen {
    micros: Vec<u64>,
    failures: u64,
}

/// What is sent.
enum Sent {
    /// One request, over and over.
    Same(Vec<u8>),
    /// Another batch of so many events each time.
    Events {
        reports: Box<Reports>,
        n_events: usize,
        /// Number of the next batch.
        batch: AtomicU64,
    },
}

struct Load {
    port: u16,
    path: String,
    sent: Sent,
    until: Instant,
}

impl Load {
    fn next_request(&self) -> Cow<'_, [u8]> {
        match &self.sent {
            Sent::Same(request) => Cow::Borrowed(request),
            Sent::Events {
                reports,
                n_events,
                batch,
            } => {
                let batch = batch.fetch_add(1, Ordering::Relaxed);
                let first = batch * (*n_events as u64);
                let body = reports.body(
                    first,
                    *n_events,
                    UnixMillis(since_epoch().as_millis() as i64),
                );
                Cow::Owned(request(
                    self.port,
                    &self.path,
                    Some((AS_SERVER, body.as_bytes())),
                ))
            }
        }
    }

    /// Whether the answer is what was hoped for.
    fn is_served(&self, status: u16, answer: &[u8]) -> bool {
        let is_taken = match self.sent {
            Sent::Same(_) => true,
            Sent::Events { n_events, .. } => {
                n_committed(&String::from_utf8_lossy(answer)) == n_events
            }
        };
        (200..300).contains(&status) && is_taken
    }
}

fn since_epoch() -> Duration {
    SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default()
}

/// The status and the length of a response's head and body, once the buffer holds all of it.
fn complete(buffer: &[u8]) -> Option<(u16, usize)> {
    let head_bytes = buffer.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(buffer.get(..head_bytes)?).ok()?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let value = |name: &str| {
        head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    };
    if let Some(length) = value("content-length") {
        let total = head_bytes + length.parse::<usize>().ok()?;
        return (buffer.len() >= total).then_some((status, total));
    }
    // Chunked: what ends with the empty chunk is whole, since requests are not pipelined.
    buffer
        .ends_with(b"0\r\n\r\n")
        .then_some((status, buffer.len()))
}

fn exchange(stream: &mut TcpStream, request: &[u8], buffer: &mut Vec<u8>) -> Option<u16> {
    stream.write_all(request).ok()?;
    buffer.clear();
    let mut chunk = [0; 16 * 1024];
    loop {
        let read = stream.read(&mut chunk).ok().filter(|read| *read > 0)?;
        buffer.extend_from_slice(chunk.get(..read)?);
        if let Some((status, _)) = complete(buffer) {
            return Some(status);
        }
    }
}

fn connect(port: u16) -> Option<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_nodelay(true).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .ok()?;
    Some(stream)
}

fn run(load: &Load) -> Seen {
    let mut seen = Seen::default();
    let mut buffer = Vec::new();
    let mut stream = connect(load.port);
    while Instant::now() < load.until {
        let Some(open) = &mut stream else {
            seen.failures += 1;
            std::thread::sleep(Duration::from_millis(10));
            stream = connect(load.port);
            continue;
        };
        let request = load.next_request();
        let started = Instant::now();
        match exchange(open, &request, &mut buffer) {
            Some(status) if load.is_served(status, &buffer) => {
                seen.micros.push(started.elapsed().as_micros() as u64);
            }
            Some(_) => seen.failures += 1,
            None => {
                seen.failures += 1;
                stream = connect(load.port);
            }
        }
    }
    seen
}

fn percentile(sorted: &[u64], percent: usize) -> u64 {
    let last = sorted.len().saturating_sub(1);
    sorted
        .get(last * percent / 100)
        .copied()
        .unwrap_or_default()
}

/// A request; with a body a `POST` with those headers.
fn request(port: u16, path: &str, body: Option<(&str, &[u8])>) -> Vec<u8> {
    let (method, headers, body) = match body {
        Some((headers, body)) => {
            let length = body.len();
            let headers = format!("{headers}Content-Length: {length}\r\n");
            ("POST", headers, body)
        }
        None => ("GET", String::new(), &[][..]),
    };
    let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost:{port}\r\n{headers}\r\n");
    [head.as_bytes(), body].concat()
}

fn read(file: &String) -> Vec<u8> {
    std::fs::read(file).unwrap_or_else(|error| {
        eprintln!("{file}: {error}");
        std::process::exit(2);
    })
}

fn reports(declared: &[u8], bandit: &str) -> Reports {
    let declared = serde_json::from_slice(declared).unwrap_or_default();
    let ring = format!("1:{KEY}");
    let signing = Signing {
        environment: "bench",
        ring: &ring,
        subject: KEY,
        n_shards: 1,
    };
    let run = since_epoch().as_nanos() as u64;
    Reports::new(&declared, bandit, &signing, run).unwrap_or_else(|| {
        eprintln!("no bandit \"{bandit}\" is declared");
        std::process::exit(2);
    })
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [port, path, connections, seconds, body @ ..] = arguments.as_slice() else {
        eprintln!("usage: load PORT PATH CONNECTIONS SECONDS [BODY_FILE]");
        std::process::exit(2);
    };
    let number = |text: &String| {
        text.parse::<u16>().unwrap_or_else(|_| {
            eprintln!("\"{text}\" is no number from 0 to 65535");
            std::process::exit(2);
        })
    };
    let (port, seconds) = (number(port), u64::from(number(seconds)));
    let sent = match body {
        [flag, n_events, file, bandit] if flag == "--events" => Sent::Events {
            reports: Box::new(reports(&read(file), bandit)),
            n_events: number(n_events).into(),
            batch: AtomicU64::new(0),
        },
        _ => {
            let body = body.first().map(read);
            Sent::Same(request(
                port,
                path,
                body.as_deref().map(|body| (JSON, body)),
            ))
        }
    };
    let started = Instant::now();
    let load = Load {
        port,
        path: path.clone(),
        sent,
        until: started + Duration::from_secs(seconds),
    };
    let seen: Vec<Seen> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..number(connections))
            .map(|_| scope.spawn(|| run(&load)))
            .collect();
        threads
            .into_iter()
            .filter_map(|thread| thread.join().ok())
            .collect()
    });
    let elapsed = started.elapsed().as_secs_f64();
    let failures: u64 = seen.iter().map(|seen| seen.failures).sum();
    let mut micros: Vec<u64> = seen.into_iter().flat_map(|seen| seen.micros).collect();
    micros.sort_unstable();
    println!(
        "{}",
        json!({
            "requests": micros.len(),
            "failures": failures,
            "seconds": elapsed,
            "perSecond": micros.len() as f64 / elapsed,
            "p50Micros": percentile(&micros, 50),
            "p99Micros": percentile(&micros, 99),
        })
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(buffer: &str, expected: Option<(u16, usize)>) {
        assert_eq!(complete(buffer.as_bytes()), expected, "{buffer:?}");
    }

    #[test]
    fn a_response_is_complete_when_its_body_is() {
        check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", None);
        check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n1", None);
        check(
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n12",
            Some((200, 40)),
        );
        check(
            "HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
            None,
        );
        check(
            "HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
            Some((503, 58)),
        );
    }
}
