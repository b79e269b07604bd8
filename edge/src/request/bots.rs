//! Whether a request comes from a program and not from a person.
//!
//! Bots are kept out of experiments and bandits, so a bot taken for a person costs some noise and
//! a person taken for a bot only misses an experiment. The list is short on purpose: programs
//! that say what they are. Those that hide are the business of the zone's bot management, where
//! there is one. A large list of regular expressions would be half the
//! Worker's size.

use super::RequestHead;

/// Parts of user agents, in lower case, by which programs name themselves: crawlers, previews of
/// links, monitors, page testers, HTTP tools.
const NAMES: [&str; 44] = [
    // crawlers: `bot` covers Googlebot, bingbot, GPTBot, ClaudeBot, Applebot, Twitterbot, ...
    "bot",
    "crawl",
    "spider",
    "slurp",
    "scrap",
    "yandex",
    "baidu",
    "mediapartners-google",
    "google-inspectiontool",
    "googleother",
    "google-read-aloud",
    "feedfetcher",
    "archiver",
    "ia_archiver",
    "ccbot",
    "bytespider",
    "perplexity",
    // previews of links
    "facebookexternalhit",
    "facebookcatalog",
    "whatsapp/",
    "skypeuripreview",
    "bingpreview",
    "embedly",
    "vkshare",
    "flipboard",
    "iframely",
    "preview",
    // monitors and page testers
    "lighthouse",
    "chrome-lighthouse",
    "pagespeed",
    "gtmetrix",
    "pingdom",
    "uptime",
    "statuscake",
    "headlesschrome",
    "phantomjs",
    "ptst/",
    // tools
    "curl/",
    "wget/",
    "python-requests",
    "python-urllib",
    "go-http-client",
    "okhttp",
    "java/",
];

/// A score of the zone's bot management below this is "likely automated" in its own words.
const SCORE_PERSON_MIN: u8 = 30;

/// What a site adds to the list, or takes from it; both in any case.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BotNames<'s> {
    /// Further parts of user agents.
    pub(crate) also: &'s [String],
    /// Parts of user agents that are people, whatever the list says.
    pub(crate) never: &'s [String],
}

/// Whether the request comes from a program: it says so, or the zone's bot management does. A
/// request without user agent is a bot.
#[must_use]
pub(crate) fn is_bot(head: &RequestHead, names: BotNames<'_>) -> bool {
    let agent = head
        .header("user-agent")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let says = |name: &str| agent.contains(name);
    if names
        .never
        .iter()
        .any(|name| says(&name.to_ascii_lowercase()))
    {
        return false;
    }
    let judged = head.bot.is_some_and(|verdict| {
        verdict.verified == Some(true)
            || verdict.score.is_some_and(|score| score < SCORE_PERSON_MIN)
    });
    judged
        || agent.is_empty()
        || NAMES.into_iter().any(says)
        || names
            .also
            .iter()
            .any(|name| says(&name.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::super::BotVerdict;
    use super::super::tests::head;
    use super::*;

    const NONE: BotNames<'_> = BotNames {
        also: &[],
        never: &[],
    };

    #[test]
    fn knows_programs_by_their_names() {
        let check = |agent: &str, expected| {
            assert_eq!(
                is_bot(&head(&[("user-agent", agent)]), NONE),
                expected,
                "{agent}"
            );
        };
        check(
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            true,
        );
        check("facebookexternalhit/1.1", true);
        check("curl/8.5.0", true);
        check(
            "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/130.0.0.0 Safari/537.36",
            true,
        );
        check("", true);
        check(
            "Mozilla/5.0 (X11; Linux x86_64) Chrome/130.0.0.0 Safari/537.36",
            false,
        );
        check(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148",
            false,
        );
    }

    #[test]
    fn a_site_may_add_and_take_away() {
        let headless = head(&[("user-agent", "HeadlessChrome/130")]);
        let never = ["headlesschrome".to_owned()];
        assert!(!is_bot(
            &headless,
            BotNames {
                also: &[],
                never: &never
            }
        ));
        let also = ["OurMonitor".to_owned()];
        let monitor = head(&[("user-agent", "ourmonitor/1")]);
        assert!(is_bot(
            &monitor,
            BotNames {
                also: &also,
                never: &[]
            }
        ));
    }

    #[test]
    fn the_zones_verdict_unmasks() {
        let judged = |agent: &str, score, verified| {
            let bot = Some(BotVerdict { score, verified });
            is_bot(
                &RequestHead {
                    bot,
                    ..head(&[("user-agent", agent)])
                },
                NONE,
            )
        };
        assert!(judged("Mozilla/5.0", Some(29), None));
        assert!(!judged("Mozilla/5.0", Some(30), Some(false)));
        assert!(judged("Mozilla/5.0", Some(99), Some(true)));
        assert!(judged("curl/8", Some(99), None));
    }
}
