//! One run: visitors come, are decided for, and what they bring is learned.

use super::super::truth::ArmTruth;
use super::shard::Shard;
use super::world::{World, list_worth};
use crate::draws::Draws;
use crate::fault::Fault;
use bandera_shared::bandit::Bandit;
use bandera_shared::decision::Choice;
use bandera_shared::event::{Claim, Event, EventId};
use bandera_shared::keys::{KeyRing, Purpose, PurposeKeys};
use bandera_shared::ledger::{Admitted, Desk, MergedState, admit, exposure, routed};
use bandera_shared::policy::{is_material, next_snapshot};
use bandera_shared::receipt::Receipt;
use bandera_shared::slate::{Position, rank};
use bandera_shared::snapshot::PolicySnapshot;
use bandera_shared::sticky::StickyDecisions;
use bandera_shared::subject::SubjectKey;
use bandera_shared::{EvaluationContext, UnixMillis};
use std::collections::VecDeque;

/// Parts of a run whose shares of the best action are counted.
const N_PARTS: usize = 100;

/// The moment at which every run starts.
const START_MS: i64 = 1_800_000_000_000;
/// Signs receipts and hashes subjects that never were.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const PUBLICATION: u64 = 1;

/// What a run came to.
#[derive(Debug, Clone, Default)]
pub(super) struct Outcome {
    /// What was given away against the best list of each visitor's audience, in expectation.
    pub(super) regret: f64,
    /// What that best list would have brought in expectation.
    pub(super) possible: f64,
    /// The rewards that were drawn.
    pub(super) rewards: f64,
    pub(super) n_snapshots: u32,
    /// Lists as good as the best one in each part of the run.
    pub(super) best: Vec<u32>,
}

/// A run under way.
pub(super) struct Course<'w> {
    world: &'w World,
    keys: PurposeKeys,
    subject: SubjectKey,
    /// Between two snapshots; 0 for one before every decision.
    window_ms: i64,
    /// When the present window began.
    window_from_ms: i64,
    shards: Vec<Shard>,
    merged: MergedState,
    snapshot: Option<PolicySnapshot>,
    waiting: Vec<Admitted>,
    /// Rewards under way, by the time they come: always in order, since all take as long.
    coming: VecDeque<(i64, Event)>,
    outcome: Outcome,
}

impl Desk for Course<'_> {
    fn bandit(&self, key: &str) -> Option<&Bandit> {
        Some(&self.world.bandit).filter(|bandit| bandit.key() == key)
    }

    fn has_variant(&self, _: &str, _: &str) -> bool {
        false
    }

    fn receipt_keys(&self) -> &PurposeKeys {
        &self.keys
    }

    fn subject_key(&self) -> &SubjectKey {
        &self.subject
    }

    fn subject(&self) -> Option<&str> {
        None
    }

    fn n_shards(&self) -> u16 {
        self.world.n_shards
    }
}

impl<'w> Course<'w> {
    /// Runs to the last decision.
    pub(super) fn run(world: &'w World, window_ms: i64, seed: u64) -> anyhow::Result<Outcome> {
        let ring = KeyRing::parse(&format!("1:{KEY}")).map_err(|error| faulty(&error))?;
        let mut course = Self {
            world,
            keys: ring.derive(Purpose::Receipt),
            subject: SubjectKey::parse(KEY).map_err(|error| faulty(&error))?,
            window_ms,
            window_from_ms: 0,
            shards: (0..world.n_shards).map(|_| Shard::default()).collect(),
            merged: MergedState::default(),
            snapshot: None,
            waiting: Vec::new(),
            coming: VecDeque::new(),
            outcome: Outcome {
                best: vec![0; N_PARTS],
                ..Outcome::default()
            },
        };
        let contexts = world.contexts()?;
        for number in 0..world.n_decisions {
            course.advance(world.at_ms(number))?;
            course.visit(number, seed, &contexts)?;
        }
        Ok(course.outcome)
    }

    /// Lets time pass: rewards come in, and windows end.
    fn advance(&mut self, to_ms: i64) -> anyhow::Result<()> {
        if self.window_ms == 0 {
            self.receive(to_ms)?;
            if !self.waiting.is_empty() {
                self.learn(to_ms);
            }
            return Ok(());
        }
        while self.window_from_ms + self.window_ms <= to_ms {
            self.window_from_ms += self.window_ms;
            self.receive(self.window_from_ms)?;
            if !self.waiting.is_empty() {
                self.learn(self.window_from_ms);
            }
        }
        self.receive(to_ms)
    }

    /// Admits the rewards that have come by then.
    fn receive(&mut self, to_ms: i64) -> anyhow::Result<()> {
        while let Some((at_ms, event)) = self.coming.pop_front_if(|(at_ms, _)| *at_ms <= to_ms) {
            let admitted = admit(&event, self, at(at_ms));
            let refused = |refused| anyhow::anyhow!("a reward was refused: {refused:?}");
            self.waiting.push(admitted.map_err(refused)?);
        }
        Ok(())
    }

    /// One visitor: a decision for each position, exposures, and perhaps a reward to come.
    fn visit(
        &mut self,
        number: u32,
        seed: u64,
        contexts: &[EvaluationContext],
    ) -> anyhow::Result<()> {
        let world = self.world;
        let mut draws = Draws::stream(seed, number.into());
        let audience = world.truth.audience_at(draws.unit());
        let draw = draws.bits();
        let unit = format!("visitor-{seed}-{number}");
        let now_ms = world.at_ms(number);
        let context = contexts.get(audience);
        let list = context.map(|context| {
            let choice = Choice {
                bandit: &world.bandit,
                snapshot: self.snapshot.as_ref(),
                sticky: &StickyDecisions::default(),
                context,
                unit: &unit,
                draw,
                at: at(now_ms),
            };
            rank(&choice, Vec::new(), world.n_positions)
        });
        let list = list.unwrap_or_default();
        let shown = self.note(number, audience, &list)?;
        // Read from the top until something attracts; what stands below was not seen.
        for (position, (placed, arm)) in list.into_iter().zip(shown).enumerate() {
            let subject = self.subject.hash(&unit);
            let receipt = Receipt::new(placed.decision, subject, world.n_shards);
            self.waiting
                .extend(exposure(&receipt, &world.bandit, at(now_ms)));
            if draws.unit() < arm.rate {
                self.outcome.rewards += arm.value;
                let event = self.reward(&receipt, &format!("{number}.{position}"), arm.value)?;
                self.coming.push_back((now_ms + world.delay_ms, event));
                break;
            }
        }
        Ok(())
    }

    fn reward(&self, receipt: &Receipt, id: &str, value: f64) -> anyhow::Result<Event> {
        let token = receipt.to_token(&self.keys);
        let token = token.ok_or_else(|| anyhow::anyhow!("a key is too long for a receipt"))?;
        Ok(Event {
            id: EventId::new(id).ok_or_else(|| anyhow::anyhow!("two numbers are an id"))?,
            at: None,
            claim: Claim::Rewarded {
                receipt: token.into(),
                metric: None,
                value,
            },
        })
    }

    /// Counts what a list gave away.
    ///
    /// # Returns
    /// The truth about each of its actions.
    fn note(
        &mut self,
        number: u32,
        audience: usize,
        list: &[Position],
    ) -> anyhow::Result<Vec<ArmTruth>> {
        let world = self.world;
        let truth = |placed: &Position| {
            let mut actions = world.bandit.actions().iter();
            let action = actions.position(|known| *known == placed.decision.action)?;
            Some(world.arm(audience, action, number))
        };
        let arms: Vec<ArmTruth> = list.iter().filter_map(truth).collect();
        if arms.is_empty() {
            anyhow::bail!("the bandit decides nothing");
        }
        let (worth, best) = (list_worth(&arms), world.best(audience));
        let outcome = &mut self.outcome;
        outcome.regret += best - worth;
        outcome.possible += best;
        let part = u64::from(number) * N_PARTS as u64 / u64::from(world.n_decisions);
        if let Some(n_best) = outcome.best.get_mut(part as usize) {
            // The order of the same factors may move the last digit.
            *n_best += u32::from(worth >= best - 1e-12);
        }
        Ok(arms)
    }

    /// What the Workers do when a window is over: shards count, their coordinator publishes.
    fn learn(&mut self, now_ms: i64) {
        let bandit = &self.world.bandit;
        let learner = (Box::from(bandit.key()), bandit.definition());
        let events = std::mem::take(&mut self.waiting);
        for (number, (_, batch)) in routed(PUBLICATION, events.into_iter().enumerate()) {
            let Some(shard) = self.shards.get_mut(usize::from(number)) else {
                continue;
            };
            shard.commit(batch);
            if let Some(state) = shard.memory.learners.get(&learner) {
                self.merged.merge_shard(number, state.clone());
            }
        }
        let revision = u64::from(self.outcome.n_snapshots) + 1;
        let next = next_snapshot(bandit, &self.merged, revision, at(now_ms));
        if let Some(next) = next.filter(|next| is_material(self.snapshot.as_ref(), next)) {
            self.snapshot = Some(next);
            self.outcome.n_snapshots += 1;
        }
    }
}

fn at(ms: i64) -> UnixMillis {
    UnixMillis(START_MS + ms)
}

fn faulty(error: &impl std::fmt::Display) -> Fault {
    Fault::usage("the bandit", error)
}
