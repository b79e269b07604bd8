//! Units of each part, and their price.

use super::SiteArgs;
use serde::Serialize;

/// Seconds of a month: a twelfth of a year.
const MONTH_S: f64 = 2_629_800.0;
const DAY_S: f64 = 86_400.0;
/// Messages of one delivery: `max_batch_size` of `wrangler.toml`.
const MESSAGES_PER_DELIVERY: f64 = 100.0;
/// What a message costs its queue: a write, a read and a removal.
const OPERATIONS_PER_MESSAGE: f64 = 3.0;
/// Rows that a commit of one kind of event writes: its total and a journal entry. Measured.
const ROWS_PER_COMMIT: f64 = 2.0;
/// Rows that a commit reads whatever is in it, and one more for each decision. Measured.
const ROWS_READ_PER_COMMIT: f64 = 10.0;
/// Bytes of the store for each decision that is remembered. Measured.
const BYTES_PER_DECISION: f64 = 64.0;
/// How long a decision is remembered after its window: an hour for what is late, and a day.
const KEPT_S: f64 = DAY_S + 3_600.0;
/// Memory that an object is billed for.
const OBJECT_GB: f64 = 0.128;
/// What one queue takes a second, and one object; what an object stores.
const MESSAGES_MAX: f64 = 5_000.0;
const OBJECT_REQUESTS_MAX: f64 = 1_000.0;
const OBJECT_GB_MAX: f64 = 10.0;
/// The plan itself.
const PLAN_DOLLARS: f64 = 5.0;

/// A price: so many units of a month are included, a million more cost so much.
#[derive(Debug, Clone, Copy)]
struct Price {
    included: f64,
    dollars_per_million: f64,
}

const REQUESTS: Price = price(10e6, 0.30);
const CPU_MS: Price = price(30e6, 0.02);
const QUEUE_OPERATIONS: Price = price(1e6, 0.40);
const OBJECT_REQUESTS: Price = price(1e6, 0.15);
const OBJECT_GB_S: Price = price(400_000.0, 12.50);
const ROWS_WRITTEN: Price = price(50e6, 1.00);
const ROWS_READ: Price = price(25e9, 0.001);
const STORED_GB: Price = price(5.0, 200_000.0);
const KV_READS: Price = price(10e6, 0.50);
const KV_WRITES: Price = price(1e6, 5.00);

const fn price(included: f64, dollars_per_million: f64) -> Price {
    Price {
        included,
        dollars_per_million,
    }
}

/// One line of the bill.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Line {
    pub(super) part: &'static str,
    /// Units a second; of what is stored, units at any time.
    pub(super) per_second: f64,
    pub(super) per_month: f64,
    /// Units of a month that cost nothing.
    pub(super) included: f64,
    pub(super) dollars_per_million: f64,
    pub(super) dollars: f64,
}

/// What one queue and one object have to carry.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Load {
    pub(super) messages_per_queue: f64,
    pub(super) requests_per_ledger: f64,
    pub(super) events_per_ledger: f64,
    pub(super) gigabytes_per_ledger: f64,
}

/// What a site costs a month.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Bill {
    site: SiteArgs,
    pub(super) lines: Vec<Line>,
    pub(super) dollars: f64,
    /// What any Worker in front of the site would cost.
    pub(super) dollars_of_requests: f64,
    /// All of the rest, by a million requests.
    pub(super) dollars_per_million_requests: f64,
    pub(super) load: Load,
}

impl Bill {
    /// The bill of a site.
    pub(super) fn of(site: &SiteArgs) -> Self {
        let flow = Flow::of(site);
        let lines = flow.lines(site);
        let dollars = PLAN_DOLLARS + lines.iter().map(|line| line.dollars).sum::<f64>();
        let dollars_of_requests = lines.first().map_or(0.0, |line| line.dollars);
        let n_requests = site.requests * MONTH_S;
        Self {
            dollars,
            dollars_of_requests,
            dollars_per_million_requests: (dollars - dollars_of_requests) * 1e6 / n_requests,
            load: Load {
                // A shard has one queue, and some queues may have a shard more than others.
                messages_per_queue: flow.messages * (site.shards / site.queues).ceil()
                    / site.shards,
                requests_per_ledger: flow.commits() / site.shards,
                events_per_ledger: (flow.messages + flow.rewards) / site.shards,
                gigabytes_per_ledger: flow.stored_gb / site.shards,
            },
            lines,
            site: site.clone(),
        }
    }

    /// Whether no queue and no object has more than it takes.
    pub(super) fn fits(&self) -> bool {
        self.load.messages_per_queue <= MESSAGES_MAX
            && self.load.requests_per_ledger <= OBJECT_REQUESTS_MAX
            && self.load.gigabytes_per_ledger <= OBJECT_GB_MAX
    }
}

/// What happens a second.
struct Flow {
    messages: f64,
    rewards: f64,
    deliveries: f64,
    /// Commits that come of deliveries: one for each shard of the delivery's queue.
    delivered_commits: f64,
    merges: f64,
    alarms: f64,
    stored_gb: f64,
}

impl Flow {
    fn of(site: &SiteArgs) -> Self {
        let messages = site.requests * site.exposed;
        let deliveries = messages / MESSAGES_PER_DELIVERY;
        let shards_per_queue = site.shards / site.queues;
        let rewards = messages * site.rewarded;
        // A shard tells a coordinator of a bandit that has learned anything, twice an interval.
        let rounds = 2.0 * site.shards / site.interval;
        let changed = f64::min(rounds * site.bandits, messages + rewards);
        Self {
            messages,
            rewards,
            deliveries,
            delivered_commits: deliveries * f64::min(shards_per_queue, MESSAGES_PER_DELIVERY),
            merges: changed,
            alarms: rounds + site.bandits / site.interval,
            stored_gb: messages * (site.window * DAY_S + KEPT_S) * BYTES_PER_DECISION / 1e9,
        }
    }

    fn commits(&self) -> f64 {
        self.delivered_commits + self.rewards
    }

    /// Rows of counts that commits write: of each bandit in it, and of each of its actions.
    fn counted_rows(&self, site: &SiteArgs) -> f64 {
        let per_commit = self.messages / self.delivered_commits;
        let bandits = f64::min(per_commit, site.bandits);
        let blocks = f64::min(per_commit, site.bandits * site.actions);
        let delivered = ROWS_PER_COMMIT + bandits + blocks;
        let rewarded = ROWS_PER_COMMIT + 2.0;
        self.delivered_commits * delivered + self.rewards * rewarded
    }

    /// Rows of decisions: put in their place, changed by a reward that comes later, forgotten.
    fn decision_rows(&self) -> f64 {
        2.0 * self.messages + self.rewards
    }

    /// Rows of coordinators: a merge writes its shard's and its actions', the shard notes that it
    /// was heard; an alarm that is set is a row, and so is a snapshot.
    fn coordinator_rows(&self, site: &SiteArgs) -> f64 {
        self.merges * (2.0 + site.actions) + 2.0 * self.alarms
    }

    fn lines(&self, site: &SiteArgs) -> Vec<Line> {
        let invocations = self.rewards + self.deliveries;
        let snapshots = site.bandits / site.interval;
        let keys = 1.0 + site.bandits;
        let objects = site.shards + site.bandits;
        let object_requests = self.commits() + self.merges + self.alarms;
        let reads = self.commits() * ROWS_READ_PER_COMMIT + self.messages + self.rewards;
        let processor = (site.requests + invocations) * site.cpu_ms;
        let operations = self.messages * OPERATIONS_PER_MESSAGE;
        let reports = self.coordinator_rows(site);
        let mut requests = Meter::of(REQUESTS);
        let mut rows = Meter::of(ROWS_WRITTEN);
        vec![
            requests.line("Worker requests: of visitors", site.requests),
            requests.line("of events and deliveries", invocations),
            Meter::of(CPU_MS).line("Worker processor time, ms", processor),
            Meter::of(QUEUE_OPERATIONS).line("queue operations", operations),
            Meter::of(OBJECT_REQUESTS).line("object requests", object_requests),
            Meter::of(OBJECT_GB_S).line("object duration, GB-s", objects * OBJECT_GB),
            rows.line("rows of decisions written", self.decision_rows()),
            rows.line("rows of counts written", self.counted_rows(site)),
            rows.line("rows of coordinators written", reports),
            Meter::of(ROWS_READ).line("rows read", reads),
            Meter::of(STORED_GB).charge("stored, GB", self.stored_gb, self.stored_gb),
            Meter::of(KV_READS).line("KV reads", site.isolates / site.refresh * keys),
            Meter::of(KV_WRITES).line("KV writes", snapshots),
        ]
    }
}

/// A price, and what is left of its included units.
struct Meter {
    price: Price,
    left: f64,
}

impl Meter {
    fn of(price: Price) -> Self {
        let left = price.included;
        Self { price, left }
    }

    fn line(&mut self, part: &'static str, per_second: f64) -> Line {
        self.charge(part, per_second, per_second * MONTH_S)
    }

    fn charge(&mut self, part: &'static str, per_second: f64, per_month: f64) -> Line {
        let included = f64::min(per_month, self.left);
        self.left -= included;
        Line {
            part,
            per_second,
            per_month,
            included,
            dollars_per_million: self.price.dollars_per_million,
            dollars: (per_month - included) * self.price.dollars_per_million / 1e6,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Site {
        #[command(flatten)]
        args: SiteArgs,
    }

    fn bill(args: &[&str]) -> Bill {
        let all = [&["site"], args].concat();
        Bill::of(&Site::parse_from(all).args)
    }

    #[track_caller]
    fn check(bill: &Bill, part: &str, per_second: f64, dollars: f64) {
        let line = bill.lines.iter().find(|line| line.part == part).unwrap();
        assert!((line.per_second - per_second).abs() < 1e-6, "{line:?}");
        assert!((line.dollars - dollars).abs() < 0.5, "{line:?}");
    }

    /// By hand, from the prices alone.
    #[test]
    fn a_very_large_site() {
        let large = bill(&[]);
        check(&large, "Worker requests: of visitors", 1e6, 788_937.0);
        check(&large, "of events and deliveries", 2_200.0, 1_736.0);
        check(&large, "Worker processor time, ms", 501_100.0, 26_355.0);
        check(&large, "queue operations", 60_000.0, 63_115.0);
        // 200 deliveries of 8 shards, 2,000 rewards, 64 x 20 merges in 30 s, alarms.
        let alarms = 64.0 / 30.0 + 20.0 / 60.0;
        let merges = 1_280.0 / 30.0;
        check(
            &large,
            "object requests",
            3_600.0 + merges + alarms,
            1_437.6,
        );
        check(&large, "object duration, GB-s", 84.0 * 0.128, 348.4);
        check(&large, "rows of decisions written", 42_000.0, 110_401.6);
        // 1,600 commits of 12.5 events: 2 + 12.5 + 12.5 rows; 2,000 of one: 4.
        check(&large, "rows of counts written", 51_200.0, 134_645.8);
        check(
            &large,
            "rows of coordinators written",
            merges * 12.0 + alarms * 2.0,
            1_359.4,
        );
        check(&large, "rows read", 58_000.0, 127.5);
        check(&large, "stored, GB", 225.792, 44.2);
        check(&large, "KV reads", 7_000.0, 9_199.3);
        check(&large, "KV writes", 1.0 / 3.0, 0.0);
        assert!(large.fits());
        assert!((large.load.messages_per_queue - 2_500.0).abs() < 1e-9);
        assert!((large.load.requests_per_ledger - 56.25).abs() < 1e-9);
    }

    #[test]
    fn what_is_included_costs_nothing_but_objects_that_are_awake() {
        let small = [
            "--requests",
            "1",
            "--shards",
            "1",
            "--queues",
            "1",
            "--isolates",
            "1",
        ];
        let small = bill(&[&small[..], &["--bandits", "1", "--actions", "2"]].concat());
        check(&small, "object duration, GB-s", 0.256, 3.4);
        let others = small
            .lines
            .iter()
            .filter(|line| line.part != "object duration, GB-s");
        assert!(
            others.map(|line| line.dollars).sum::<f64>() < 1e-9,
            "{small:?}"
        );
        assert!(small.fits());
    }

    /// Lines of one price share what is included in it.
    #[test]
    fn included_rows_are_used_up_once() {
        let site = bill(&["--requests", "1000", "--shards", "8", "--queues", "1"]);
        let rows = site
            .lines
            .iter()
            .filter(|line| line.part.starts_with("rows of"));
        let (included, written) = rows.fold((0.0, 0.0), |(included, written), line| {
            (included + line.included, written + line.per_month)
        });
        assert!((included - 50e6).abs() < 1e-3 && written > 50e6);
    }

    #[test]
    fn a_full_queue_and_a_full_object_are_told() {
        let queues = |n| bill(&["--queues", n]).fits();
        assert!(queues("4") && !queues("3"));
        // Two of seven shards share a queue.
        let uneven = bill(&["--shards", "7", "--queues", "4"]);
        let expected = 20_000.0 * 2.0 / 7.0;
        assert!((uneven.load.messages_per_queue - expected).abs() < 1e-9 && !uneven.fits());
        let window = |days| bill(&["--window", days]).fits();
        assert!(window("4") && !window("5"), "10 GB of an object");
        // 1,200 exposures and as many rewards a second for one object.
        let busy = ["--requests", "60000", "--rewarded", "1", "--shards", "1"];
        let busy = [&busy[..], &["--queues", "1", "--window", "0.01"]].concat();
        assert!(!bill(&busy).fits());
    }
}
