//! What people tell a running bandit about one of its actions, through the admin API: forget it, or
//! believe something of it from the start.

use crate::exit::Exit;
use crate::fault::Fault;
use crate::http::{Reply, Server};
use crate::input;
use crate::output::{BOLD, Format, Output, styled};
use bandera_shared::UnixMillis;
use clap::Args;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// An action of a running bandit, and whom to tell about it.
#[derive(Debug, Args)]
pub(super) struct ArmArgs {
    /// Address of the admin API
    #[arg(long, value_name = "URL")]
    admin: String,
    /// A token with the role publisher, or @FILE
    #[arg(
        long,
        value_name = "TOKEN|@FILE",
        env = "BANDERA_TOKEN",
        hide_env_values = true
    )]
    token: String,
    /// The environment in which the bandit is published
    #[arg(long, value_name = "NAME")]
    environment: String,
    /// The bandit
    #[arg(long, value_name = "KEY")]
    bandit: String,
    /// The action, which the published bandit has to offer
    #[arg(long, value_name = "KEY")]
    action: String,
}

/// The arguments of `bandera bandit warm-start`.
#[derive(Debug, Args)]
pub(super) struct WarmStartArgs {
    #[command(flatten)]
    arm: ArmArgs,
    /// Mean reward, in the metric's unit and range
    #[arg(long, value_name = "REWARD", allow_negative_numbers = true)]
    mean: f64,
    /// Decisions that this is worth, at most 1,000,000; 0 takes it back
    #[arg(long, value_name = "N")]
    weight: u32,
}

/// What was forgotten.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResetWire {
    /// The moment from which the action counts anew.
    at_ms: u64,
    /// Shards of the ledger that had something to forget.
    shards: u16,
}

/// What is believed.
#[derive(Debug, Serialize, Deserialize)]
struct WarmStartWire {
    mean: f64,
    weight: u32,
}

/// The answer: what was told to whom.
#[derive(Debug, Serialize)]
struct Told<'a, T> {
    environment: &'a str,
    bandit: &'a str,
    action: &'a str,
    #[serde(flatten)]
    what: T,
}

/// A problem document, as far as a person needs it.
#[derive(Deserialize)]
struct ProblemWire {
    code: String,
    title: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    pointer: Option<String>,
}

pub(super) fn reset(args: &ArmArgs, output: &mut Output) -> anyhow::Result<Exit> {
    let what: ResetWire = args.tell("reset", "{}")?;
    let since = UnixMillis(what.at_ms.cast_signed()).to_rfc3339();
    let shards = what.shards;
    let said = format!("counts anew since {since}; {shards} shards had something to forget");
    args.answer(what, &said, output)
}

pub(super) fn warm_start(args: &WarmStartArgs, output: &mut Output) -> anyhow::Result<Exit> {
    let (mean, weight) = (args.mean, args.weight);
    if !mean.is_finite() {
        let fix = "write a number within the metric's range";
        return Err(Fault::usage("--mean", "is not finite").fix(fix).into());
    }
    let body = serde_json::to_string(&WarmStartWire { mean, weight })?;
    let what: WarmStartWire = args.arm.tell("warm-start", &body)?;
    let said = match what.weight {
        0 => "starts from what was counted alone".to_owned(),
        n => format!(
            "starts as if {n} decisions had been rewarded with {}",
            what.mean
        ),
    };
    args.arm.answer(what, &said, output)
}

impl ArmArgs {
    /// Posts the command and reads what the admin API says that it did.
    fn tell<T: DeserializeOwned>(&self, command: &str, body: &str) -> Result<T, Fault> {
        let token = input::text_or_file(&self.token)?.trim().to_owned();
        let admin = Server::new("--admin", &self.admin, 1)?.with_token(token);
        let [environment, bandit, action] = [&self.environment, &self.bandit, &self.action]
            .map(|key| utf8_percent_encode(key, NON_ALPHANUMERIC));
        let path = format!(
            "/api/v1/environments/{environment}/bandits/{bandit}/actions/{action}/{command}"
        );
        let place = admin.address(&path);
        let reply = admin
            .post(&path, body)
            .map_err(|error| Fault::unreachable(&place, error).fix("is --admin right?"))?;
        if reply.status != 200 {
            return Err(refusal(place, &reply));
        }
        serde_json::from_str(&reply.body)
            .map_err(|error| Fault::unreachable(place, format!("no answer that is known: {error}")))
    }

    fn answer<T: Serialize>(
        &self,
        what: T,
        said: &str,
        output: &mut Output,
    ) -> anyhow::Result<Exit> {
        let (environment, bandit, action) = (&*self.environment, &*self.bandit, &*self.action);
        match output.format {
            Format::Human => {
                let arm = styled(BOLD, &format!("{bandit}/{action}"));
                output.line(&format!("{arm} in {environment} {said}"))?;
            }
            Format::Json => output.json(&Told {
                environment,
                bandit,
                action,
                what,
            })?,
        }
        Ok(Exit::Fine)
    }
}

/// What the admin API has against it, as a fault of the argument that is to blame.
fn refusal(place: String, reply: &Reply) -> Fault {
    let Ok(problem) = serde_json::from_str::<ProblemWire>(&reply.body) else {
        let cause = format!("answers {}: {}", reply.status, reply.body.trim());
        return Fault::unreachable(place, cause).fix("is --admin the admin Worker's address?");
    };
    let ProblemWire {
        code,
        title,
        detail,
        pointer,
    } = problem;
    let cause = if detail.is_empty() {
        title
    } else {
        format!("{title}: {detail}")
    };
    match (reply.status, pointer.as_deref()) {
        (400, Some("/mean")) => Fault::usage("--mean", cause),
        (400, Some("/weight")) => Fault::usage("--weight", cause),
        (404, _) => Fault::usage(place, cause)
            .fix("are --environment, --bandit and --action right, and published?"),
        (401 | 403, _) => Fault::unreachable(place, cause)
            .fix("give a token of the role publisher: --token, or --token @FILE"),
        (503, _) => Fault::unreachable(place, cause)
            .fix("repeat it: what was done already is not done twice"),
        _ => Fault::unreachable(place, format!("{code}: {cause}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, body: &str, exit: Exit, part: &str) {
        let reply = Reply {
            status,
            retry_after: None,
            body: body.to_owned(),
        };
        let fault = refusal("there".to_owned(), &reply);
        assert_eq!(fault.exit, exit, "{fault}");
        assert!(fault.to_string().contains(part), "{fault}");
    }

    #[test]
    fn refusals_name_what_is_to_blame() {
        let problem = |more: &str| format!(r#"{{"code": "c", "title": "No"{more}}}"#);
        let mean = problem(r#", "detail": "0 to 1", "pointer": "/mean""#);
        check(400, &mean, Exit::Usage, "--mean: No: 0 to 1");
        let decisions = problem(r#", "pointer": "/weight""#);
        check(400, &decisions, Exit::Usage, "--weight: No");
        check(404, &problem(""), Exit::Usage, "--action");
        check(403, &problem(""), Exit::Unreachable, "publisher");
        check(409, &problem(""), Exit::Unreachable, "there: c: No");
        check(503, &problem(""), Exit::Unreachable, "repeat it");
        check(502, "<html>", Exit::Unreachable, "answers 502: <html>");
    }
}
