//! Who asks for a flag, when, and with what earlier knowledge: shared by evaluate and explain.

use crate::draws::Draws;
use crate::fault::Fault;
use crate::input;
use bandera_shared::snapshot::wire as snapshot_wire;
use bandera_shared::sticky::StickyDecisions;
use bandera_shared::wire::read_context;
use bandera_shared::{EvaluationContext, Evaluator, Participation, Policies, Ruleset, UnixMillis};
use clap::Args;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// What an evaluation depends on besides ruleset and flag.
#[derive(Debug, Args)]
pub(crate) struct QuestionArgs {
    /// Attributes of the subject, as a JSON object or `@FILE`
    #[arg(long, value_name = "JSON|@FILE")]
    context: Option<String>,
    /// The subject; the same as `targetingKey` in the context
    #[arg(long, value_name = "KEY")]
    targeting_key: Option<String>,
    #[command(flatten)]
    pub(crate) moment: MomentArgs,
}

/// When, and with what luck and knowledge.
#[derive(Debug, Args)]
pub(crate) struct MomentArgs {
    /// The moment of evaluation, RFC 3339 with an offset; now when absent
    #[arg(long, value_name = "RFC3339", value_parser = parse_moment)]
    at: Option<UnixMillis>,
    /// Where random numbers come from, for splits and bandits that draw for each request
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// What a bandit has learned: its snapshot, as the edge reads it; may be repeated
    #[arg(long, value_name = "FILE")]
    snapshot: Vec<PathBuf>,
    /// Evaluate as for a bot, or a visitor without consent: no experiments, no bandits
    #[arg(long)]
    excluded: bool,
}

fn parse_moment(text: &str) -> Result<UnixMillis, String> {
    UnixMillis::parse(text)
        .map_err(|_| "write date, time and offset, such as 2026-03-01T09:00:00Z".to_owned())
}

/// The moment of an evaluation, made of its arguments.
#[derive(Debug)]
pub(crate) struct Moment {
    pub(crate) at: UnixMillis,
    pub(crate) draws: Draws,
    policies: Policies,
    sticky: StickyDecisions,
    participation: Participation,
}

impl MomentArgs {
    pub(crate) fn read(&self) -> Result<Moment, Fault> {
        let snapshots = self.snapshot.iter().map(|path| {
            snapshot_wire::parse(&input::read(path)?)
                .map_err(|error| Fault::unreachable(input::name(path), error))
        });
        Ok(Moment {
            at: self.at.unwrap_or_else(now),
            draws: Draws::new(self.seed),
            policies: Policies::new(snapshots.collect::<Result<Vec<_>, Fault>>()?),
            sticky: StickyDecisions::default(),
            participation: if self.excluded {
                Participation::Excluded
            } else {
                Participation::Full
            },
        })
    }
}

impl Moment {
    /// The evaluator for a context; each takes the next random number.
    pub(crate) fn evaluator<'a>(
        &'a self,
        ruleset: &'a Ruleset,
        context: &'a EvaluationContext,
        draw: u64,
    ) -> Evaluator<'a> {
        Evaluator {
            ruleset,
            context,
            at: self.at,
            draw,
            policies: &self.policies,
            sticky: &self.sticky,
            participation: self.participation,
        }
    }
}

impl QuestionArgs {
    /// The context of the arguments.
    pub(crate) fn context(&self) -> Result<EvaluationContext, Fault> {
        let text = match &self.context {
            Some(argument) => input::text_or_file(argument)?,
            None => "{}".to_owned(),
        };
        let context = read_context(&text).map_err(|error| {
            let place = format!("--context {}", error.pointer);
            Fault::usage(place.trim_end(), error.message)
                .fix(r#"write a JSON object, such as --context '{"country": "ES"}'"#)
        })?;
        Ok(match &self.targeting_key {
            Some(key) => context.with_targeting_key(key),
            None => context,
        })
    }
}

fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    // A clock before 1970 is set wrongly; the epoch is as good as any other guess.
    let millis = since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    });
    UnixMillis(millis)
}
