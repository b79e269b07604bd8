//! Flag evaluation, bucketing, bandit policies and wire formats; pure.
//!
//! [`compile()`] turns a document into a [`Ruleset`]; an [`Evaluator`] answers for one
//! [`EvaluationContext`] at a time; [`publish()`] makes the document that edges read. What an
//! evaluation causes (an exposure, a decision) comes back in its [`Evaluation`].
//!
//! Nothing here does I/O or reads a clock, a random number or the environment; nothing panics.

pub mod bandit;
pub mod bucketing;
pub mod bundle;
mod codec;
pub mod compact;
pub mod compile;
pub mod condition;
pub mod context;
pub mod decision;
pub mod diagnostic;
pub mod dialect;
pub mod evaluate;
pub mod evaluation;
pub mod event;
pub mod exposed;
pub mod flag;
mod hex;
pub mod keys;
pub mod ledger;
pub mod letters;
pub mod named;
pub mod names;
pub mod page;
pub mod pattern;
pub mod policy;
pub mod preview;
pub mod private;
pub mod publish;
pub mod rare;
pub mod receipt;
pub mod ruleset;
mod same;
mod signed;
pub mod slate;
pub mod snapshot;
pub mod sorted;
pub mod split;
pub mod sticky;
pub mod subject;
pub mod subject_proof;
pub mod texts;
pub mod time;
pub mod truth;
pub mod value;
pub mod version;
pub mod wire;

pub use bundle::Bundle;
pub use compact::CompactError;
pub use compile::{Compiled, RulesetError, compile};
pub use context::EvaluationContext;
pub use diagnostic::{Diagnostic, DiagnosticCode, Severity};
pub use evaluate::{Evaluator, Participation, Policies};
pub use evaluation::{ErrorCode, Evaluation, Failure, KeptOut, Outcome, Reason};
pub use flag::{Flag, FlagType, Visibility};
pub use private::Private;
pub use publish::{PublishError, Published, publish, redact};
pub use ruleset::Ruleset;
pub use signed::InvalidToken;
pub use time::UnixMillis;
pub use value::Value;
