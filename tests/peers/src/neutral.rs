//! The workload of the benchmarks, read back from our own format into what every engine's format
//! can be written from.

use crate::workload;
use bandera_shared::{EvaluationContext, Value as Attribute};
use serde_json::Value;

/// The flags, and the bytes of our own ruleset.
pub struct Neutral {
    /// Flags in the order of their keys.
    pub flags: Vec<Flag>,
    /// The ruleset in our format.
    pub ruleset: Vec<u8>,
}

/// A flag.
pub struct Flag {
    /// Its key.
    pub key: String,
    /// Whether it is switched on.
    pub is_on: bool,
    /// A boolean for half of the subjects without rules, else a text.
    pub rules: Vec<Rule>,
}

/// A rule: conditions of which all must hold, and the variants that share its subjects.
pub struct Rule {
    /// All must hold.
    pub conditions: Vec<Condition>,
    /// Variants and their percentages, 100 in all.
    pub split: Vec<(String, u64)>,
}

/// A look at one attribute.
pub struct Condition {
    /// Which.
    pub attribute: String,
    /// What it must be like.
    pub test: Test,
}

/// What an attribute must be like.
pub enum Test {
    /// One of these texts.
    OneOf(Vec<String>),
    /// At least this version.
    VersionAtLeast(String),
    /// A version before this one.
    VersionBelow(String),
    /// At least this number.
    AtLeast(u64),
    /// Begins so.
    StartsWith(String),
    /// Ends so.
    EndsWith(String),
    /// This regular expression is found in it.
    Matches(String),
}

/// What regular expressions look for in place of starts and ends of texts.
#[derive(Clone, Copy)]
pub enum Expressions {
    /// The same texts, with an anchor.
    Anchored,
    /// Classes and repetitions besides.
    Classes,
}

impl Expressions {
    /// The expression that takes the place of a start or an end.
    fn of(self, op: &str, text: &str) -> String {
        let text = text.replace('.', "\\.");
        match (self, op) {
            (Self::Anchored, "startsWith") => format!("^{text}"),
            (Self::Anchored, _) => format!("{text}$"),
            (Self::Classes, "startsWith") => format!("^{text}[a-z0-9]+@[a-z]+"),
            (Self::Classes, _) => format!("[a-z0-9]+{text}$"),
        }
    }
}

impl Neutral {
    /// The workload with that many flags.
    pub fn new(n_flags: usize) -> Self {
        Self::of(workload::ruleset(n_flags))
    }

    /// The same, with regular expressions in place of starts and ends of texts. Whom a condition
    /// lets pass is the same.
    pub fn with_expressions(n_flags: usize, expressions: Expressions) -> Self {
        let ruleset = workload::ruleset(n_flags);
        let mut document = serde_json::from_slice(&ruleset).expect("the workload is JSON");
        put_expressions(&mut document, expressions);
        Self::of(document.to_string().into_bytes())
    }

    fn of(ruleset: Vec<u8>) -> Self {
        let document: Value = serde_json::from_slice(&ruleset).expect("the workload is JSON");
        let flags = document["flags"].as_object().expect("flags by key");
        let flags = flags
            .iter()
            .map(|(key, flag)| Flag::read(key, flag))
            .collect();
        Self { flags, ruleset }
    }
}

fn put_expressions(part: &mut Value, expressions: Expressions) {
    match part {
        Value::Array(parts) => {
            let parts = parts.iter_mut();
            parts.for_each(|part| put_expressions(part, expressions));
        }
        Value::Object(members) => {
            let op = members
                .get("op")
                .and_then(Value::as_str)
                .unwrap_or_default();
            if matches!(op, "startsWith" | "endsWith") {
                let expression = expressions.of(op, members["value"].as_str().expect("a text"));
                members.insert("op".to_owned(), "matches".into());
                members.insert("value".to_owned(), expression.into());
            }
            let parts = members.values_mut();
            parts.for_each(|part| put_expressions(part, expressions));
        }
        _ => {}
    }
}

impl Flag {
    fn read(key: &str, flag: &Value) -> Self {
        let rules = flag["rules"].as_array().into_iter().flatten();
        Self {
            key: key.to_owned(),
            is_on: flag["status"] != "disabled",
            rules: rules.map(Rule::read).collect(),
        }
    }
}

/// The value that a variant of the text flags serves.
pub fn value_of(variant: &str) -> &'static str {
    match variant {
        "a" => "first",
        "b" => "second",
        "c" => "third",
        _ => "off",
    }
}

impl Rule {
    fn read(rule: &Value) -> Self {
        let conditions = rule["when"]["all"].as_array().into_iter().flatten();
        let weights = rule["serve"]["split"]["weights"].as_object();
        let split = weights.map(|weights| {
            let share = |(variant, weight): (&String, &Value)| {
                (variant.clone(), weight.as_u64().expect("whole percentages"))
            };
            weights.iter().map(share).collect()
        });
        Self {
            conditions: conditions.map(Condition::read).collect(),
            split: split.unwrap_or_else(|| vec![(text(&rule["serve"]["variant"]), 100)]),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

impl Condition {
    fn read(condition: &Value) -> Self {
        let value = &condition["value"];
        let test = match condition["op"].as_str().expect("an operator") {
            "in" => Test::OneOf(value.as_array().expect("a list").iter().map(text).collect()),
            "equals" => Test::OneOf(vec![text(value)]),
            "versionGreaterOrEqual" => Test::VersionAtLeast(text(value)),
            "versionLessThan" => Test::VersionBelow(text(value)),
            "greaterOrEqual" => Test::AtLeast(value.as_u64().expect("a whole number")),
            "startsWith" => Test::StartsWith(text(value)),
            "endsWith" => Test::EndsWith(text(value)),
            "matches" => Test::Matches(text(value)),
            other => panic!("the workload has an operator that is not known here: {other}"),
        };
        Self {
            attribute: text(&condition["attribute"]),
            test,
        }
    }
}

/// All contexts of the workload.
pub fn contexts() -> Vec<EvaluationContext> {
    (0..workload::N_CONTEXTS).map(workload::context).collect()
}

/// The targeting key of a context, and its attributes besides.
pub fn parts(context: &EvaluationContext) -> (&str, Vec<(&str, &Attribute)>) {
    let key = context.targeting_key().expect("every context has one");
    let attributes = context.iter().filter(|(name, _)| *name != "targetingKey");
    (key, attributes.collect())
}
