//! Commands to a ledger, queued batches, and outcomes.

use crate::wire::tree;
use serde::{Deserialize, Serialize};

use super::super::ITEMS_PER_BATCH_MAX;
use super::super::apply::Outcome;
use super::super::command::LedgerCommand;
use super::super::item::{Batch, DecisionItem, FlagItem, Item, Observation, Report, RowKey};
use super::{InvalidMessage, print};
use crate::bandit::wire::{BanditWire, checked, to_wire};
use crate::bandit::{Bandit, ContextVector, FeatureSpec, Reward};
use crate::hex;
use crate::time::UnixMillis;
use std::convert::Infallible;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum CommandWire {
    Commit {
        shard: u16,
        batch: BatchWire,
    },
    Totals,
    Reset {
        bandit: String,
        action: String,
        at: i64,
    },
    Flush,
}

#[derive(Serialize, Deserialize)]
struct QueuedWire {
    shard: u16,
    batch: BatchWire,
}

#[derive(Serialize, Deserialize)]
pub(super) struct BatchWire {
    publication: u64,
    bandits: Vec<KeyedBandit>,
    items: Vec<ItemWire>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    contexts: Vec<ContextWire>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reports: Vec<ReportWire>,
}

/// A bandit does not carry its key where a ruleset writes it.
#[derive(Serialize, Deserialize)]
pub(super) struct KeyedBandit {
    key: String,
    bandit: BanditWire<FeaturesWire>,
}

/// Of features that were checked, all that learning needs: how many numbers they make, and what
/// tells them apart.
#[derive(Clone, Default, Serialize, Deserialize)]
struct FeaturesWire(usize, u32);

impl FeaturesWire {
    fn check(self) -> Result<FeatureSpec, InvalidMessage> {
        FeatureSpec::known_by(self.0, self.1).ok_or(InvalidMessage::Value("features"))
    }
}

impl KeyedBandit {
    pub(super) fn new(bandit: &Bandit) -> Self {
        let known_by = |spec: FeatureSpec| Ok(FeaturesWire(spec.n_features(), spec.fingerprint()));
        let (key, told) = (bandit.key(), to_wire(bandit).with_features(known_by));
        let bandit = match told {
            Ok(told) => told,
            Err(never) => {
                let never: Infallible = never;
                match never {}
            }
        };
        Self {
            key: key.into(),
            bandit,
        }
    }

    pub(super) fn check(self) -> Result<Bandit, InvalidMessage> {
        let bandit = self.bandit.with_features(FeaturesWire::check)?;
        checked(&self.key, bandit).map_err(|_| InvalidMessage::Value("bandit"))
    }
}

/// `kind`, index of the bandit, two names, row, `keep_until`, units, time, event. What a kind
/// does not use is zero or empty; the second name of a decision is the number of its period.
#[derive(Serialize, Deserialize)]
struct ItemWire(u8, u16, String, String, RowWire, i64, i64, i64, RowWire);

/// What an item's decision was made from: place of the item, and the bytes of the vector.
#[derive(Serialize, Deserialize)]
struct ContextWire(u16, String);

const EXPOSED: u8 = 0;
const REWARDED: u8 = 1;
const FLAG: u8 = 2;
const REMOVED: u8 = 3;

#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct RowWire(RowKey);

impl TryFrom<String> for RowWire {
    type Error = InvalidMessage;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let key = u128::from_str_radix(&text, 16).map_err(|_| InvalidMessage::Value("row"))?;
        Ok(Self(RowKey(key)))
    }
}

impl From<RowWire> for String {
    fn from(row: RowWire) -> Self {
        format!("{:x}", row.0.0)
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct ReportWire {
    sender: String,
    attempted: u64,
    dropped: u64,
    rejected: u64,
}

impl ReportWire {
    pub(super) fn new(report: &Report) -> Self {
        Self {
            sender: format!("{:x}", report.sender),
            attempted: report.n_attempted,
            dropped: report.n_dropped,
            rejected: report.n_rejected,
        }
    }

    pub(super) fn check(self) -> Result<Report, InvalidMessage> {
        let sender = u64::from_str_radix(&self.sender, 16);
        Ok(Report {
            sender: sender.map_err(|_| InvalidMessage::Value("sender"))?,
            n_attempted: self.attempted,
            n_dropped: self.dropped,
            n_rejected: self.rejected,
        })
    }
}

fn item_to_wire(item: &Item) -> ItemWire {
    match item {
        Item::Flag(FlagItem {
            flag,
            variant,
            row,
            keep_until,
        }) => ItemWire(
            FLAG,
            0,
            flag.to_string(),
            variant.to_string(),
            RowWire(*row),
            keep_until.0,
            0,
            0,
            RowWire(RowKey(0)),
        ),
        Item::Decision(DecisionItem {
            bandit,
            action,
            row,
            keep_until,
            period,
            observation,
            features: _,
        }) => {
            let (kind, units, at, event) = match observation {
                Observation::Exposed => (EXPOSED, 0, 0, RowKey(0)),
                Observation::Rewarded { reward, at, event } => {
                    (REWARDED, reward.units(), at.0, *event)
                }
                Observation::Removed { at, event } => (REMOVED, 0, at.0, *event),
            };
            let action = action.to_string();
            let (row, keep_until) = (RowWire(*row), keep_until.0);
            let period = period.map(|period| period.to_string());
            ItemWire(
                kind,
                *bandit,
                action,
                period.unwrap_or_default(),
                row,
                keep_until,
                units,
                at,
                RowWire(event),
            )
        }
    }
}

fn item_from_wire(wire: ItemWire, n_bandits: usize) -> Result<Item, InvalidMessage> {
    let ItemWire(kind, bandit, first, second, row, keep_until, units, at, event) = wire;
    let keep_until = UnixMillis(keep_until);
    let observation = match kind {
        FLAG => {
            let (flag, variant) = (first.into(), second.into());
            return Ok(Item::Flag(FlagItem {
                flag,
                variant,
                row: row.0,
                keep_until,
            }));
        }
        EXPOSED => Observation::Exposed,
        REWARDED => Observation::Rewarded {
            reward: Reward::from_units(units),
            at: UnixMillis(at),
            event: event.0,
        },
        REMOVED => Observation::Removed {
            at: UnixMillis(at),
            event: event.0,
        },
        _ => return Err(InvalidMessage::Value("kind of item")),
    };
    if usize::from(bandit) >= n_bandits {
        return Err(InvalidMessage::Value("index of bandit"));
    }
    let period = match &*second {
        "" => None,
        period => Some(
            period
                .parse()
                .map_err(|_| InvalidMessage::Value("period"))?,
        ),
    };
    let action = first.into();
    Ok(Item::Decision(DecisionItem {
        bandit,
        action,
        row: row.0,
        keep_until,
        period,
        features: ContextVector::default(),
        observation,
    }))
}

fn context_to_wire((place, item): (usize, &Item)) -> Option<ContextWire> {
    let Item::Decision(DecisionItem { features, .. }) = item else {
        return None;
    };
    // A batch has at most ITEMS_PER_BATCH_MAX items.
    let wire = || ContextWire(place as u16, hex::encode(&features.bytes()));
    (!features.is_empty()).then(wire)
}

fn put_context(items: &mut [Item], wire: ContextWire) -> Option<()> {
    let ContextWire(place, bytes) = wire;
    let vector = ContextVector::from_bytes(&hex::decode(&bytes)?)?;
    match items.get_mut(usize::from(place))? {
        Item::Decision(item) => item.features = vector,
        Item::Flag(_) => return None,
    }
    Some(())
}

fn batch_to_wire(batch: &Batch) -> BatchWire {
    BatchWire {
        publication: batch.publication,
        bandits: batch.bandits.iter().map(KeyedBandit::new).collect(),
        items: batch.items.iter().map(item_to_wire).collect(),
        contexts: batch
            .items
            .iter()
            .enumerate()
            .filter_map(context_to_wire)
            .collect(),
        reports: batch.reports.iter().map(ReportWire::new).collect(),
    }
}

fn batch_from_wire(wire: BatchWire) -> Result<Batch, InvalidMessage> {
    if wire.items.len() > ITEMS_PER_BATCH_MAX || wire.bandits.len() > ITEMS_PER_BATCH_MAX {
        return Err(InvalidMessage::Value("number of items"));
    }
    let n_bandits = wire.bandits.len();
    let bandits: Result<_, _> = wire.bandits.into_iter().map(KeyedBandit::check).collect();
    let items: Result<Vec<Item>, _> = wire
        .items
        .into_iter()
        .map(|item| item_from_wire(item, n_bandits))
        .collect();
    let mut items: Vec<Item> = items?;
    for context in wire.contexts {
        put_context(&mut items, context).ok_or(InvalidMessage::Value("context"))?;
    }
    let reports: Result<_, _> = wire.reports.into_iter().map(ReportWire::check).collect();
    Ok(Batch {
        publication: wire.publication,
        bandits: bandits?,
        items,
        reports: reports?,
    })
}

/// Writes a command to a ledger.
#[must_use]
pub fn print_ledger_command(command: &LedgerCommand) -> String {
    print(&match command {
        LedgerCommand::Commit { shard, batch } => CommandWire::Commit {
            shard: *shard,
            batch: batch_to_wire(batch),
        },
        LedgerCommand::Totals => CommandWire::Totals,
        LedgerCommand::Reset { bandit, action, at } => CommandWire::Reset {
            bandit: bandit.to_string(),
            action: action.to_string(),
            at: at.0,
        },
        LedgerCommand::Flush => CommandWire::Flush,
    })
}

/// Reads a command to a ledger.
///
/// # Errors
/// `InvalidMessage`: then nothing of it may be counted.
pub fn parse_ledger_command(json: &str) -> Result<LedgerCommand, InvalidMessage> {
    Ok(match tree::from_str(json)? {
        CommandWire::Commit { shard, batch } => LedgerCommand::Commit {
            shard,
            batch: batch_from_wire(batch)?,
        },
        CommandWire::Totals => LedgerCommand::Totals,
        CommandWire::Reset { bandit, action, at } => LedgerCommand::Reset {
            bandit: bandit.into(),
            action: action.into(),
            at: UnixMillis(at),
        },
        CommandWire::Flush => LedgerCommand::Flush,
    })
}

/// Writes a queue message: a batch and the shard that counts it.
#[must_use]
pub fn print_queued(shard: u16, batch: &Batch) -> String {
    print(&QueuedWire {
        shard,
        batch: batch_to_wire(batch),
    })
}

/// Reads a queue message.
///
/// # Errors
/// `InvalidMessage`: retrying will not help.
pub fn parse_queued(json: &str) -> Result<(u16, Batch), InvalidMessage> {
    let QueuedWire { shard, batch } = tree::from_str(json)?;
    Ok((shard, batch_from_wire(batch)?))
}

/// Writes outcomes, one letter each.
#[must_use]
pub fn print_outcomes(outcomes: &[Outcome]) -> String {
    outcomes
        .iter()
        .map(|outcome| match outcome {
            Outcome::Committed => 'c',
            Outcome::Duplicate => 'd',
            Outcome::TooMany => 'm',
            Outcome::Unremovable => 'u',
        })
        .collect()
}

/// Reads outcomes.
///
/// # Errors
/// `InvalidMessage::Value` for an unknown letter.
pub fn parse_outcomes(text: &str) -> Result<Vec<Outcome>, InvalidMessage> {
    text.chars()
        .map(|letter| match letter {
            'c' => Ok(Outcome::Committed),
            'd' => Ok(Outcome::Duplicate),
            'm' => Ok(Outcome::TooMany),
            'u' => Ok(Outcome::Unremovable),
            _ => Err(InvalidMessage::Value("outcome")),
        })
        .collect()
}
