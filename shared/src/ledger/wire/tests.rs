use crate::sorted::Sorted;

use super::super::{
    ArmState, ArmView, BanditView, Batch, CoordinatorCommand, DecisionItem, FlagItem, Item,
    LedgerCommand, Observation, Outcome, Report, Reset, RowKey, ShardState, ShardTotals,
    SnapshotView, Totals, WARM_DECISIONS_MAX, WarmStart,
};
use super::*;
use crate::bandit::features::ONE;
use crate::bandit::{Bandit, ContextVector, Reward};
use crate::policy::linear::Block;
use crate::time::UnixMillis;
use std::sync::Arc;

fn bandit() -> Bandit {
    let json = r#"{"actions":["a","b"],
        "reward":{"metric":"revenue","kind":"numeric","min":-1,"max":9,"repeat":"add"}}"#;
    crate::bandit::wire::parse("hero", json).unwrap()
}

fn batch() -> Batch {
    let mut batch = Batch {
        publication: 7,
        reports: vec![Report {
            sender: u64::MAX,
            n_attempted: 3,
            n_dropped: 2,
            n_rejected: 1,
        }],
        ..Batch::default()
    };
    let item = |observation| DecisionItem {
        bandit: 0,
        action: "a".into(),
        row: RowKey(u128::MAX),
        keep_until: UnixMillis(9),
        period: None,
        features: ContextVector::new(7, [ONE, 0, -5]).unwrap(),
        observation,
    };
    let event = RowKey(5);
    let reward = Reward::from_units(-4);
    batch.push(&bandit(), item(Observation::Exposed));
    batch.push(
        &bandit(),
        item(Observation::Rewarded {
            reward,
            at: UnixMillis(8),
            event,
        }),
    );
    let at = UnixMillis(9);
    batch.push(&bandit(), item(Observation::Removed { at, event }));
    batch.items.push(Item::Flag(FlagItem {
        flag: "f".into(),
        variant: "v".into(),
        row: RowKey(1),
        keep_until: UnixMillis(2),
    }));
    batch
}

fn state() -> ShardState {
    let arm = ArmState {
        n_decisions: 4,
        n_exposed: 3,
        n_rewarded: 2,
        units: u128::MAX,
        units_squared: 1 << 100,
    };
    let mut block = Block::new(2);
    block.observe(&ContextVector::new(7, [ONE, -5]).unwrap(), 1 << 31);
    ShardState {
        sequence: 12,
        arms: Sorted::from([("a".into(), arm)]),
        blocks: Sorted::from([("a".into(), Arc::new(block))]),
        resets: Sorted::from([(
            "a".into(),
            Reset {
                n: 31,
                at: UnixMillis(7),
            },
        )]),
    }
}

#[test]
fn ledger_commands_print_and_parse_back() {
    let check = |command: LedgerCommand| {
        assert_eq!(
            parse_ledger_command(&print_ledger_command(&command)),
            Ok(command)
        );
    };
    check(LedgerCommand::Commit {
        shard: 3,
        batch: batch(),
    });
    check(LedgerCommand::Totals);
    check(LedgerCommand::Flush);
    assert_eq!(parse_queued(&print_queued(2, &batch())), Ok((2, batch())));
    let outcomes = vec![Outcome::Committed, Outcome::Duplicate, Outcome::TooMany];
    assert_eq!(parse_outcomes(&print_outcomes(&outcomes)), Ok(outcomes));
}

#[test]
fn coordinator_commands_print_and_parse_back() {
    let merge = CoordinatorCommand::Merge {
        shard: 3,
        publication: 7,
        bandit: Box::new(bandit()),
        definition: bandit().reward().definition(),
        state: state(),
    };
    for command in [merge, CoordinatorCommand::View, CoordinatorCommand::Learned] {
        assert_eq!(
            parse_coordinator_command(&print_coordinator_command(&command)),
            Ok(command)
        );
    }
    let stored = parse_arms(12, &print_arms(&state())).unwrap();
    assert_eq!((stored.sequence, stored.arms), (12, state().arms));
    assert_eq!(parse_bandit(&print_bandit(&bandit())), Ok(bandit()));
}

#[test]
fn answers_print_and_parse_back() {
    let totals = ShardTotals {
        totals: Totals {
            n_exposures: 1,
            n_refused: 6,
            ..Totals::default()
        },
        flags: vec![("f".into(), "v".into(), 9)],
        reported: Report {
            sender: 0,
            n_attempted: 3,
            n_dropped: 2,
            n_rejected: 1,
        },
        n_rows: 4,
        database_bytes: 5,
    };
    assert_eq!(parse_totals(&print_totals(&totals)), Ok(totals));
    let view = BanditView {
        bandit: "hero".into(),
        publication: 7,
        snapshot: Some(SnapshotView {
            revision: 2,
            at: UnixMillis(3),
        }),
        n_shards: 1,
        arms: vec![ArmView {
            action: "a".into(),
            arm: *state().arms.get("a").unwrap(),
            mean_reward: 0.25,
            interval_95: (0.125, 0.5),
            p_best: 0.75,
            parts: 740_000,
        }],
    };
    assert_eq!(parse_view(&print_view(&view)), Ok(view));
}

#[test]
fn commands_of_people_print_and_parse_back() {
    let reset = LedgerCommand::Reset {
        bandit: "hero".into(),
        action: "a".into(),
        at: UnixMillis(8),
    };
    let printed = print_ledger_command(&reset);
    assert_eq!(parse_ledger_command(&printed), Ok(reset));
    let range = bandit().reward().range();
    let start = WarmStart::new(4.0, WARM_DECISIONS_MAX, range, UnixMillis(8)).unwrap();
    let warm = CoordinatorCommand::Warm {
        publication: 7,
        bandit: Box::new(bandit()),
        action: "a".into(),
        start,
    };
    let printed = print_coordinator_command(&warm);
    assert_eq!(parse_coordinator_command(&printed), Ok(warm));
    assert_eq!(parse_warm_start(&print_warm_start(&start)), Ok(start));
    assert!(parse_warm_start("[1000001,0,0]").is_err());
    assert!(parse_warm_start("[1,4294967297,0]").is_err());
}

#[test]
fn refuses_what_no_sender_writes() {
    let good = print_queued(2, &batch());
    let check = |from: &str, to: &str| {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from} is not in {good}");
        assert!(parse_queued(&bad).is_err(), "{bad}");
    };
    check("[0,0,", "[9,0,");
    check("[0,0,", "[0,1,");
    check("ffffffffffffffffffffffffffffffff", "x");
    check("\"min\":-1.0", "\"min\":100.0");
    check("[1,\"07000000", "[3,\"07000000");
    check("[1,\"070000000010", "[1,\"070000000110");
    check("[1,\"070000000010", "[1,\"07000000001");
    check("{\"shard\"", "{\"sherd\"");
}
