//! `bandera preview`: a link that shows chosen variants to whoever opens it, until it expires.

use crate::exit::Exit;
use crate::fault::Fault;
use crate::input;
use crate::output::{BOLD, DIM, Format, Output, styled};
use bandera_shared::keys::{KeyRing, Purpose};
use bandera_shared::preview::{PREVIEW_FLAGS_MAX, Preview};
use bandera_shared::{Ruleset, UnixMillis};
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

const AFTER: &str = "\
The link is signed with the edge's signing keys, which are read from the environment and never
written. It holds for one environment and until it expires; nobody can prolong or change it. Whoever
opens it sees the variants on that page and, by a cookie, on the next ones, and takes part in no
experiment. `?bandera-preview=off` ends it.

Exit codes: 0 written, 2 wrong usage, 3 a file cannot be read.

Examples:
  bandera preview --url https://shop.example/ --show shop.hero=craft
  bandera preview --url https://shop.example/p/1?page=2 --show shop.hero=craft \\
      --show shop.shelf=wide --for 2d --environment production --ruleset live.json";

/// Longest time that a link may hold: a month.
const AGE_DAYS_MAX: u64 = 31;

const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 24 * 60 * MINUTE_MS;

/// The arguments of `bandera preview`.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct PreviewArgs {
    /// The page to open
    #[arg(long, value_name = "URL")]
    url: String,
    /// A flag and the variant to show of it; may be repeated
    #[arg(long, value_name = "FLAG=VARIANT", required = true)]
    show: Vec<String>,
    /// How long the link holds: minutes, hours or days, such as 30m, 8h or 2d; at most 31d
    #[arg(long = "for", value_name = "TIME", default_value = "1h")]
    age: String,
    /// The environment of the edge, as its `BANDERA_ENVIRONMENT`
    #[arg(long, value_name = "NAME", default_value = "production")]
    environment: String,
    /// A ruleset that flags and variants are looked up in
    #[arg(long, value_name = "FILE")]
    ruleset: Option<PathBuf>,
    /// The edge's signing keys, better given in the environment
    #[arg(
        long,
        env = "BANDERA_SIGNING_KEYS",
        hide_env_values = true,
        value_name = "KEYS"
    )]
    signing_keys: String,
}

/// A link and what it shows.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Link<'a> {
    url: String,
    environment: &'a str,
    expires_at: String,
}

pub(crate) fn run(args: &PreviewArgs, output: &mut Output) -> anyhow::Result<Exit> {
    let ring = KeyRing::parse(&args.signing_keys)
        .map_err(|error| Fault::usage("--signing-keys", error))?;
    let shown = args.show.iter().map(|text| pair(text));
    let shown: Vec<(&str, &str)> = shown.collect::<Result<_, Fault>>()?;
    if let Some(path) = &args.ruleset {
        check(&shown, &input::ruleset(path)?)?;
    }
    let age_ms = age_ms(&args.age)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now_ms = now.map_or(0, |since| since.as_millis() as u64);
    let expires_at = UnixMillis((now_ms + age_ms).cast_signed());
    let refused = |error| {
        Fault::usage("--show", error).fix(format!("show at most {PREVIEW_FLAGS_MAX} flags"))
    };
    let preview = Preview::new(shown.iter().copied(), expires_at).map_err(refused)?;
    let keys = ring.derive(Purpose::Preview);
    let token = preview
        .to_token(&keys, &args.environment)
        .map_err(refused)?;
    let link = Link {
        url: with_token(&args.url, &token)?,
        environment: &args.environment,
        expires_at: expires_at.to_rfc3339(),
    };
    match output.format {
        Format::Json => output.json(&link)?,
        Format::Human => {
            output.line(&styled(BOLD, &link.url))?;
            let (environment, until) = (link.environment, &link.expires_at);
            let note = format!("shows these variants in \"{environment}\" until {until}");
            output.line(&styled(DIM, &note))?;
        }
    }
    Ok(Exit::Fine)
}

/// `flag=variant`; flags have no `=` in their keys, variants may.
fn pair(text: &str) -> Result<(&str, &str), Fault> {
    let split = text.split_once('=');
    split
        .filter(|(flag, variant)| !flag.is_empty() && !variant.is_empty())
        .ok_or_else(|| {
            let cause = format!("\"{text}\" names no flag and variant");
            Fault::usage("--show", cause).fix("write FLAG=VARIANT, such as shop.hero=craft")
        })
}

/// Flags and variants that a ruleset does not have would show nothing.
fn check(shown: &[(&str, &str)], ruleset: &Ruleset) -> Result<(), Fault> {
    for (flag, variant) in shown {
        let found = ruleset
            .flag(flag)
            .ok_or_else(|| Fault::usage("--show", format!("the ruleset has no flag \"{flag}\"")))?;
        let known = || found.variants.iter().map(|variant| &*variant.key);
        if !known().any(|key| key == *variant) {
            let cause = format!("\"{flag}\" has no variant \"{variant}\"");
            let known: Vec<&str> = known().collect();
            return Err(Fault::usage("--show", cause).fix(format!("one of {}", known.join(", "))));
        }
    }
    Ok(())
}

/// `30m`, `8h`, `2d`, in milliseconds.
fn age_ms(text: &str) -> Result<u64, Fault> {
    let wrong = || {
        Fault::usage("--for", format!("\"{text}\" is no such time"))
            .fix(format!("write 30m, 8h or 2d; at most {AGE_DAYS_MAX}d"))
    };
    let unit_ms = match text.chars().last() {
        Some('m') => MINUTE_MS,
        Some('h') => 60 * MINUTE_MS,
        Some('d') => DAY_MS,
        _ => return Err(wrong()),
    };
    let number = text.get(..text.len() - 1).unwrap_or_default();
    let count: u64 = number.parse().map_err(|_| wrong())?;
    let age_ms = count.checked_mul(unit_ms).filter(|age_ms| *age_ms > 0);
    age_ms
        .filter(|age_ms| *age_ms <= AGE_DAYS_MAX * DAY_MS)
        .ok_or_else(wrong)
}

/// The address with the token in its query, before any fragment.
fn with_token(url: &str, token: &str) -> Result<String, Fault> {
    if !url.starts_with("https://") && !url.starts_with("http://") {
        let fault = Fault::usage("--url", format!("\"{url}\" is no address of a page"));
        return Err(fault.fix("write it in full, such as https://shop.example/"));
    }
    let (page, fragment) = match url.split_once('#') {
        Some((page, fragment)) => (page, format!("#{fragment}")),
        None => (url, String::new()),
    };
    let joint = if page.contains('?') { '&' } else { '?' };
    Ok(format!("{page}{joint}bandera-preview={token}{fragment}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_go_into_the_query() {
        let check = |url: &str, expected: Option<&str>| {
            assert_eq!(with_token(url, "T").ok().as_deref(), expected);
        };
        check("https://a.test", Some("https://a.test?bandera-preview=T"));
        check(
            "http://a.test/p?x=1#y",
            Some("http://a.test/p?x=1&bandera-preview=T#y"),
        );
        check("a.test", None);
    }

    #[test]
    fn times_are_bounded() {
        let check = |text: &str, expected: Option<u64>| {
            assert_eq!(age_ms(text).ok(), expected, "{text}");
        };
        check("30m", Some(30 * MINUTE_MS));
        check("31d", Some(31 * DAY_MS));
        check("744h", Some(31 * DAY_MS));
        check("745h", None);
        check("32d", None);
        check("0m", None);
        check("1", None);
        check("m", None);
        check("", None);
        check("1é", None);
        check("99999999999999999999d", None);
    }
}
