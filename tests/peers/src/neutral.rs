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
}

impl Neutral {
    /// The workload with that many flags.
    pub fn new(n_flags: usize) -> Self {
        let ruleset = workload::ruleset(n_flags);
        let document: Value = serde_json::from_slice(&ruleset).expect("the workload is JSON");
        let flags = document["flags"].as_object().expect("flags by key");
        let flags = flags
            .iter()
            .map(|(key, flag)| Flag::read(key, flag))
            .collect();
        Self { flags, ruleset }
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
