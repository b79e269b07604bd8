//! Commands to a coordinator, and the parts of them that both objects store.

use crate::wire::tree;
use serde::{Deserialize, Serialize};

use super::super::RESETS_MAX;
use super::super::command::CoordinatorCommand;
use super::super::state::{ArmState, Reset, ShardState};
use super::super::warm::WarmStart;
use super::batch::KeyedBandit;
use super::{InvalidMessage, print};
use crate::bandit::Bandit;
use crate::hex;
use crate::policy::linear::Block;
use crate::sorted::Sorted;
use crate::time::UnixMillis;
use std::sync::Arc;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum CommandWire {
    Merge {
        shard: u16,
        publication: u64,
        bandit: Box<KeyedBandit>,
        definition: String,
        sequence: u64,
        arms: Vec<ArmWire>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        blocks: Vec<BlockWire>,
    },
    Warm {
        publication: u64,
        bandit: Box<KeyedBandit>,
        action: String,
        start: WarmWire,
    },
    View,
    Learned,
}

/// Decisions it is worth, mean in units of the range, and when it was given.
#[derive(Serialize, Deserialize)]
struct WarmWire(u32, u64, i64);

impl WarmWire {
    fn new(start: &WarmStart) -> Self {
        Self(start.n_decisions(), start.units(), start.at().0)
    }

    fn check(self) -> Result<WarmStart, InvalidMessage> {
        let Self(n_decisions, units, at) = self;
        WarmStart::from_units(units, n_decisions, UnixMillis(at))
            .map_err(|_| InvalidMessage::Value("warm start"))
    }
}

/// Writes a warm start.
#[must_use]
pub fn print_warm_start(start: &WarmStart) -> String {
    print(&WarmWire::new(start))
}

/// Reads a warm start back.
///
/// # Errors
/// `InvalidMessage`, for any text that [`print_warm_start`] did not write.
pub fn parse_warm_start(json: &str) -> Result<WarmStart, InvalidMessage> {
    tree::from_str::<WarmWire>(json)?.check()
}

/// An action, and the bytes of its block in hexadecimal.
#[derive(Serialize, Deserialize)]
struct BlockWire(String, String);

/// Sums beyond 2^64 are decimal text.
#[derive(Serialize, Deserialize)]
pub(super) struct ArmWire {
    action: String,
    decisions: u64,
    exposed: u64,
    rewarded: u64,
    units: String,
    #[serde(rename = "unitsSquared")]
    units_squared: String,
    /// How often it was reset, and when for the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reset: Option<(u8, i64)>,
}

impl ArmWire {
    pub(super) fn new(action: &str, arm: &ArmState) -> Self {
        Self {
            action: action.into(),
            decisions: arm.n_decisions,
            exposed: arm.n_exposed,
            rewarded: arm.n_rewarded,
            units: arm.units.to_string(),
            units_squared: arm.units_squared.to_string(),
            reset: None,
        }
    }

    pub(super) fn check(self) -> Result<(Box<str>, ArmState), InvalidMessage> {
        let sum = |text: &str| text.parse().map_err(|_| InvalidMessage::Value("units"));
        let arm = ArmState {
            n_decisions: self.decisions,
            n_exposed: self.exposed,
            n_rewarded: self.rewarded,
            units: sum(&self.units)?,
            units_squared: sum(&self.units_squared)?,
        };
        Ok((self.action.into(), arm))
    }
}

fn arms_to_wire(state: &ShardState) -> Vec<ArmWire> {
    state
        .arms
        .iter()
        .map(|(action, arm)| ArmWire {
            reset: state.resets.get(action).map(|reset| (reset.n, reset.at.0)),
            ..ArmWire::new(action, arm)
        })
        .collect()
}

fn state_from_wire(sequence: u64, arms: Vec<ArmWire>) -> Result<ShardState, InvalidMessage> {
    let resets = arms.iter().filter_map(|arm| {
        let (n, at) = arm.reset?;
        let at = UnixMillis(at);
        Some((arm.action.as_str().into(), Reset { n, at }))
    });
    let resets: Sorted<Box<str>, Reset> = resets.collect();
    if resets.values().any(|reset| reset.n > RESETS_MAX) {
        return Err(InvalidMessage::Value("reset"));
    }
    let arms: Result<_, _> = arms.into_iter().map(ArmWire::check).collect();
    Ok(ShardState {
        sequence,
        arms: arms?,
        resets,
        ..ShardState::default()
    })
}

fn blocks_to_wire(state: &ShardState) -> Vec<BlockWire> {
    let blocks = state.blocks.iter();
    let wire =
        blocks.map(|(action, block)| BlockWire(action.to_string(), hex::encode(&block.to_bytes())));
    wire.collect()
}

fn put_blocks(state: &mut ShardState, wires: Vec<BlockWire>) -> Result<(), InvalidMessage> {
    for BlockWire(action, bytes) in wires {
        let bytes = hex::decode(&bytes).unwrap_or_default();
        let block = Block::from_bytes(&bytes).ok_or(InvalidMessage::Value("block"))?;
        state.blocks.insert(action.into(), Arc::new(block));
    }
    Ok(())
}

/// Writes the arms of a state, without its sequence number.
#[must_use]
pub fn print_arms(state: &ShardState) -> String {
    print(&arms_to_wire(state))
}

/// Reads a state back.
///
/// # Errors
/// `InvalidMessage`, for any text that [`print_arms`] did not write.
pub fn parse_arms(sequence: u64, json: &str) -> Result<ShardState, InvalidMessage> {
    state_from_wire(sequence, tree::from_str(json)?)
}

/// Writes a bandit with its key.
#[must_use]
pub fn print_bandit(bandit: &Bandit) -> String {
    print(&KeyedBandit::new(bandit))
}

/// Reads a bandit back.
///
/// # Errors
/// `InvalidMessage`, for any text that [`print_bandit`] did not write.
pub fn parse_bandit(json: &str) -> Result<Bandit, InvalidMessage> {
    tree::from_str::<KeyedBandit>(json)?.check()
}

/// Writes a command to a coordinator.
#[must_use]
pub fn print_coordinator_command(command: &CoordinatorCommand) -> String {
    print(&match command {
        CoordinatorCommand::Merge {
            shard,
            publication,
            bandit,
            definition,
            state,
        } => CommandWire::Merge {
            shard: *shard,
            publication: *publication,
            bandit: Box::new(KeyedBandit::new(bandit)),
            definition: format!("{definition:016x}"),
            sequence: state.sequence,
            arms: arms_to_wire(state),
            blocks: blocks_to_wire(state),
        },
        CoordinatorCommand::Warm {
            publication,
            bandit,
            action,
            start,
        } => CommandWire::Warm {
            publication: *publication,
            bandit: Box::new(KeyedBandit::new(bandit)),
            action: action.to_string(),
            start: WarmWire::new(start),
        },
        CoordinatorCommand::View => CommandWire::View,
        CoordinatorCommand::Learned => CommandWire::Learned,
    })
}

/// Reads a command to a coordinator.
///
/// # Errors
/// `InvalidMessage`: then nothing of it may be merged.
pub fn parse_coordinator_command(json: &str) -> Result<CoordinatorCommand, InvalidMessage> {
    Ok(match tree::from_str(json)? {
        CommandWire::Merge {
            shard,
            publication,
            bandit,
            definition,
            sequence,
            arms,
            blocks,
        } => {
            let mut state = state_from_wire(sequence, arms)?;
            put_blocks(&mut state, blocks)?;
            CoordinatorCommand::Merge {
                shard,
                publication,
                bandit: Box::new(bandit.check()?),
                definition: u64::from_str_radix(&definition, 16)
                    .map_err(|_| InvalidMessage::Value("definition"))?,
                state,
            }
        }
        CommandWire::Warm {
            publication,
            bandit,
            action,
            start,
        } => CoordinatorCommand::Warm {
            publication,
            bandit: Box::new(bandit.check()?),
            action: action.into(),
            start: start.check()?,
        },
        CommandWire::View => CoordinatorCommand::View,
        CommandWire::Learned => CoordinatorCommand::Learned,
    })
}
