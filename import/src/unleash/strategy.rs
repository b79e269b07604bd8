//! Strategies, to rules: any of them enables.

use super::Reading;
use super::constraint::{constraints, test};
use super::variant::{Stickiness, Variants};
use crate::draft::{RuleIds, all, below};
use crate::member::{is_true, items, number, plain, text};
use serde_json::{Value as Json, json};

/// Who is enabled, besides constraints and segments.
enum Kind<'j> {
    /// Those for whom this holds, and through these gates.
    Known {
        condition: Option<Json>,
        gate: Option<Json>,
        stickiness: Stickiness<'j>,
    },
    /// Nobody, as the SDKs that share Unleash's own engine have it; others hash an empty group.
    Saltless,
    /// Nobody.
    Unknown,
}

impl Reading<'_> {
    /// The rules that a feature's strategies are.
    pub(super) fn strategies(
        &mut self,
        feature: &Json,
        pointer: &str,
        variants: &mut Variants,
    ) -> Vec<Json> {
        let name = text(feature, "name");
        let own = items(feature, "variants");
        let strategies = items(feature, "strategies");
        let sticky = Stickiness {
            salt: name,
            field: own
                .first()
                .map_or("default", |first| stickiness(first, "stickiness")),
        };
        let mut ids = RuleIds::default();
        ids.name("dependencies");
        if strategies.is_empty() {
            let id = ids.name("everyone");
            let rule = Rule::new(id, Vec::new(), None);
            return rule.served(&variants.serving(own, &sticky), &mut ids);
        }
        let pointer = below(pointer, "strategies");
        let mut rules = Vec::new();
        for (index, strategy) in strategies.iter().enumerate() {
            let pointer = format!("{pointer}/{index}");
            if is_true(strategy, "disabled") {
                continue;
            }
            let (condition, gate, their) = match kind(strategy, name) {
                Kind::Known {
                    condition,
                    gate,
                    stickiness,
                } => (condition, gate, stickiness),
                Kind::Saltless => {
                    let message = "without \"groupId\" it enables nobody, as in SDKs on Yggdrasil; \
                        those for Node and Go hash an empty one";
                    self.draft
                        .approximated(below(&pointer, "parameters"), message);
                    continue;
                }
                Kind::Unknown => {
                    let unknown = text(strategy, "name");
                    let message = format!("an unknown strategy \"{unknown}\": it enables nobody");
                    self.draft.dropped(pointer, message);
                    continue;
                }
            };
            let mut when = constraints(strategy, &pointer, self.draft);
            when.extend(self.members(strategy, &pointer));
            when.extend(condition);
            let serving = match items(strategy, "variants") {
                [] => variants.serving(own, &sticky),
                theirs @ [first, ..] => {
                    let field = match text(first, "stickiness") {
                        "" => their.field,
                        field => field,
                    };
                    variants.serving(theirs, &Stickiness { field, ..their })
                }
            };
            let id = ids.name(text(strategy, "name"));
            rules.extend(Rule::new(id, when, gate).served(&serving, &mut ids));
        }
        rules
    }

    /// Membership in each of a strategy's segments; nobody is in one that is not there.
    fn members(&mut self, strategy: &Json, pointer: &str) -> Vec<Json> {
        let mut conditions = Vec::new();
        for (index, id) in items(strategy, "segments").iter().enumerate() {
            let id = plain(id).unwrap_or_default();
            if let Some(key) = self.segments.get(&id) {
                conditions.push(json!({ "segment": key }));
            } else {
                let pointer = format!("{pointer}/segments/{index}");
                let message = format!("there is no segment {id}: nobody is in it, as there");
                self.draft.mapped(pointer, message);
                conditions.push(json!({ "any": [] }));
            }
        }
        conditions
    }
}

/// A rule being written, but for what it serves.
struct Rule {
    id: String,
    when: Vec<Json>,
    gates: Vec<Json>,
}

impl Rule {
    fn new(id: String, when: Vec<Json>, gate: Option<Json>) -> Self {
        let gates = gate.into_iter().collect();
        Self { id, when, gates }
    }

    /// The rule, behind one for each variant whose subjects are named.
    fn served(self, serving: &super::variant::Serving, ids: &mut RuleIds) -> Vec<Json> {
        let mut rules = Vec::new();
        for (condition, variant) in &serving.overrides {
            let mut when = self.when.clone();
            when.push(condition.clone());
            rules.push(json!({
                "id": ids.name(&format!("{}, named for {variant}", self.id)),
                "when": all(when),
                "gates": self.gates,
                "serve": { "variant": variant },
            }));
        }
        let mut rule = json!({ "id": self.id, "gates": self.gates, "serve": serving.others });
        if let Some(members) = rule.as_object_mut().filter(|_| !self.when.is_empty()) {
            members.insert("when".to_owned(), all(self.when));
        }
        rules.push(rule);
        rules
    }
}

/// The field that makes an answer stick; `default` where none is named.
fn stickiness<'j>(json: &'j Json, name: &str) -> &'j str {
    match text(json, name) {
        "" => "default",
        field => field,
    }
}

fn kind<'j>(strategy: &'j Json, feature: &'j str) -> Kind<'j> {
    let parameters = strategy.get("parameters").unwrap_or(&Json::Null);
    let own_salt = parameters.get("groupId").and_then(Json::as_str);
    let salt = own_salt.unwrap_or(feature);
    let by = |field| Stickiness { salt, field };
    let listed = |op: &str, field: &str, parameter: &str| {
        // Also the empty text, which an empty id is among.
        let given = parameters.get(parameter).and_then(Json::as_str);
        let texts = given.into_iter().flat_map(|text| text.split(','));
        let texts: Json = texts.map(str::trim).collect();
        Kind::Known {
            condition: Some(test(op, field, &texts)),
            gate: None,
            stickiness: by(stickiness(parameters, "stickiness")),
        }
    };
    // Whatever the strategy draws by, its variants stick to what its parameters say.
    let gradual = |parameter: &str, drawn: &Stickiness<'j>| Kind::Known {
        condition: None,
        gate: Some(gate(number(parameters, parameter), drawn)),
        stickiness: by(stickiness(parameters, "stickiness")),
    };
    match text(strategy, "name") {
        "default" => Kind::Known {
            condition: None,
            gate: None,
            stickiness: by(stickiness(parameters, "stickiness")),
        },
        "userWithId" => listed("IN", "userId", "userIds"),
        "remoteAddress" => listed("IN_CIDR", "remoteAddress", "IPs"),
        "flexibleRollout" => gradual("rollout", &by(stickiness(parameters, "stickiness"))),
        "gradualRolloutUserId" | "gradualRolloutSessionId" if own_salt.is_none() => Kind::Saltless,
        "gradualRolloutUserId" => gradual("percentage", &by("userId")),
        "gradualRolloutSessionId" => gradual("percentage", &by("sessionId")),
        "gradualRolloutRandom" => gradual("percentage", &by("random")),
        _ => Kind::Unknown,
    }
}

/// The gate that lets a percentage pass: there, a number of 1 to 100 that is not above it.
fn gate(percentage: Option<f64>, stickiness: &Stickiness<'_>) -> Json {
    let first = percentage.unwrap_or(0.0).clamp(0.0, 100.0) as u64;
    let ranges = if first == 0 { vec![] } else { vec![[0, first]] };
    json!({ "ranges": ranges, "bucketing": stickiness.bucketing("unleash", "misses") })
}
