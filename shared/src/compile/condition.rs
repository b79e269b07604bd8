//! Written conditions to compiled ones.

use super::flag::flag_type;
use super::limits::{CONDITION_DEPTH_MAX, LIST_LENGTH_MAX, LIST_VALUES_MAX};
use super::lists::{self, Unusable, Use, takes_list};
use super::scope::Scope;
use super::within;
use crate::condition::{
    Comparison, Condition, FlagCondition, FlagTest, Matcher, OnFailure, Position, Test, TextMatcher,
};
use crate::context::Attribute;
use crate::diagnostic::{DiagnosticCode, Place};
use crate::dialect::{self, Foreign, Source, Unfit, ours, unfit};
use crate::flag::{Gate, Share};
use crate::letters::lowercase;
use crate::pattern::{Pattern, Unbuilt};
use crate::rare::{Known, Rare, UNKNOWN};
use crate::texts::Texts;
use crate::time::UnixMillis;
use crate::value::Value;
use crate::version::Precedence;
use crate::wire::condition::{ConditionWire, ForeignWire, OnFailureWire, TestedWire};
use crate::wire::operand::OperandWire;
use std::borrow::Cow;
use std::collections::BTreeMap;

const FORMS: &str = "a condition has exactly one of \"all\", \"any\", \"not\", \"segment\", \
                     \"holdout\", \"flag\", \"chance\" and \"attribute\" (with \"op\")";

/// Names of operators, for the message about an unknown one.
const OPERATORS: &str = "equals, notEquals, in, notIn, contains, notContains, startsWith, \
    notStartsWith, endsWith, notEndsWith, matches, notMatches, greaterThan, greaterOrEqual, \
    lessThan, lessOrEqual, before, after, versionEquals, versionGreaterThan, \
    versionGreaterOrEqual, versionLessThan, versionLessOrEqual, versionMatches, exists, notExists";

impl Scope<'_, '_> {
    /// The compiled condition; after an error, which is reported, one that never holds.
    pub(super) fn condition(&mut self, wire: ConditionWire<'_>, place: &Place<'_>) -> Condition {
        self.condition_at(wire, place, 1)
    }

    fn condition_at(
        &mut self,
        wire: ConditionWire<'_>,
        place: &Place<'_>,
        depth: usize,
    ) -> Condition {
        let never = Condition::Any([].into());
        if depth > CONDITION_DEPTH_MAX {
            let message = format!("conditions are nested deeper than {CONDITION_DEPTH_MAX} levels");
            self.fault(place, DiagnosticCode::LimitExceeded, message);
            return never;
        }
        let forms = usize::from(wire.all.is_some())
            + usize::from(wire.any.is_some())
            + usize::from(wire.not.is_some())
            + usize::from(wire.segment.is_some())
            + usize::from(wire.holdout.is_some())
            + usize::from(wire.flag.is_some())
            + usize::from(wire.chance.is_some())
            + usize::from(wire.attribute.is_some() || wire.dialect.is_some());
        if forms != 1 {
            self.fault(place, DiagnosticCode::InvalidCondition, FORMS.to_owned());
            return never;
        }
        if let Some(parts) = wire.all {
            return Condition::All(self.conditions(parts, &place.key("all"), depth));
        }
        if let Some(parts) = wire.any {
            return Condition::Any(self.conditions(parts, &place.key("any"), depth));
        }
        if let Some(part) = wire.not {
            let part = self.condition_at(*part, &place.key("not"), depth + 1);
            return Condition::Not(Box::new(part));
        }
        if let Some(key) = wire.segment {
            let index = self.segment(&key, &place.key("segment"));
            return index.map_or(never, Condition::Segment);
        }
        if let Some(key) = wire.holdout {
            let gate = self.held_out(&key, &place.key("holdout"));
            return gate.map_or(never, |gate| Condition::Chance(Box::new(gate)));
        }
        if let Some(gate) = wire.chance {
            return Condition::Chance(Box::new(self.gate(*gate, &place.key("chance"))));
        }
        if wire.flag.is_some() {
            return self.flag_condition(wire, place).unwrap_or(never);
        }
        if let Some(dialect) = wire.dialect {
            if wire.list.is_some() {
                let message = "operators of other systems take their values as \"value\"";
                let code = DiagnosticCode::InvalidCondition;
                self.fault(&place.key("list"), code, message.to_owned());
            }
            let wire = ForeignWire {
                dialect: *dialect,
                op: wire.op.unwrap_or_default(),
                attribute: wire.attribute,
                value: wire.value.map(OperandWire::into_value),
            };
            let test = self.foreign(wire, dialect::test, place);
            return test.map_or(never, Condition::Foreign);
        }
        self.test(wire, place).unwrap_or(never)
    }

    fn flag_condition(&mut self, wire: ConditionWire<'_>, place: &Place<'_>) -> Option<Condition> {
        let key = wire.flag?;
        let Some(flag) = self.flags.index(&key) else {
            self.unknown(&place.key("flag"), "flag", &key, self.flags);
            return None;
        };
        if wire.on_failure.is_none() {
            self.used_flags.push(flag);
        }
        let view = wire.view.map(flag_type);
        let passes = place.key("passes");
        let test = FlagTest {
            must_be_on: wire.on == Some(true),
            variants: wire
                .variants
                .map(|names| names.into_iter().map(Into::into).collect()),
            value: wire.equals.map(|value| (view, *value)),
            foreign: match wire.passes {
                Some(wire) => Some(self.foreign(*wire, dialect::test, &passes)?),
                None => None,
            },
        };
        let is_empty = !test.must_be_on && test.variants.is_none() && test.value.is_none();
        if is_empty && test.foreign.is_none() {
            let message = "say what the flag must answer: \"on\": true, \"variants\", \"equals\" \
                           or \"passes\"";
            self.fault(place, DiagnosticCode::Missing, message.to_owned());
        }
        let on_failure = match wire.on_failure {
            None | Some(OnFailureWire::DoesNotHold) => OnFailure::DoesNotHold,
            Some(OnFailureWire::Fails) => OnFailure::Fails,
            Some(OnFailureWire::Unknown) => OnFailure::Unknown,
        };
        Some(Condition::Flag(Box::new(FlagCondition {
            flag,
            test,
            on_failure,
        })))
    }

    fn conditions(
        &mut self,
        parts: Vec<ConditionWire<'_>>,
        place: &Place<'_>,
        depth: usize,
    ) -> Box<[Condition]> {
        // By hand: collected, they would take over the memory of what is read, and give most back.
        let mut conditions = Vec::with_capacity(parts.len());
        for (i, part) in parts.into_iter().enumerate() {
            conditions.push(self.condition_at(part, &place.index(i), depth + 1));
        }
        conditions.into()
    }

    fn test(&mut self, wire: ConditionWire<'_>, place: &Place<'_>) -> Option<Condition> {
        let tested = wire.attribute?;
        let Some(op) = wire.op else {
            let message = format!("the condition names no \"op\": one of {OPERATORS}");
            self.fault(place, DiagnosticCode::InvalidCondition, message);
            return None;
        };
        let (negated, positive) = positive_form(&op);
        if wire.ignore_case == Some(true) && !knows_case(&positive) {
            let message = format!("\"{op}\" knows no case; texts and expressions do");
            let pointer = place.key("ignoreCase").pointer();
            self.diagnostics
                .warn(pointer, DiagnosticCode::NoEffect, message);
        }
        let operand = Operand {
            value: wire.value,
            fold_case: wire.ignore_case.unwrap_or(false),
            texts_max: LIST_LENGTH_MAX,
        };
        let member = if wire.list.is_some() { "list" } else { "value" };
        let made = match &wire.list {
            Some(key) => self.listed(tested, &positive, &operand, key),
            None => match operand.value {
                Some(OperandWire::Other(value)) if within::names_list(&positive, &value) => {
                    self.within_lists(tested, &positive, &value, &place.key(member))
                }
                _ => self.tested(tested, &positive, operand, &place.key(member)),
            },
        };
        match made {
            Ok(test) if negated => Some(Condition::Not(Box::new(test))),
            Ok(test) => Some(test),
            Err(Fault::Operator) => {
                let message = format!(
                    "unknown operator \"{op}\": one of {OPERATORS}, {}",
                    ours::OPERATORS
                );
                self.fault(&place.key("op"), DiagnosticCode::InvalidCondition, message);
                None
            }
            Err(Fault::Value(code, unfit)) => {
                self.fault(&place.key(member), code, unfit.to_string());
                None
            }
            Err(Fault::Reported) => None,
        }
    }

    /// The test of an attribute by an operator that is not negated.
    fn tested(
        &mut self,
        tested: TestedWire<'_>,
        op: &str,
        operand: Operand<'_>,
        place: &Place<'_>,
    ) -> Result<Condition, Fault> {
        let is_object = operand.value.as_ref().is_some_and(OperandWire::is_object);
        // What no context has, everyday operators do not find.
        let is_now = tested.is(ours::NOW);
        let is_time = matches!(op, "before" | "after");
        if ours::knows(op) || (is_object && ours::knows_object(op)) || (is_now && is_time) {
            let value = operand.value.map_or(Value::Null, OperandWire::into_value);
            if is_now && value.member("unit").is_some() {
                return Err(Fault::value(
                    "\"$now\" is no number: leave the \"unit\" out",
                ));
            }
            let value = self.with_offsets(value, place).ok_or(Fault::Reported)?;
            let source = Source {
                dialect: ours::NAME.into(),
                op: op.into(),
                attribute: Some(tested.into()),
                value,
            };
            let test = Foreign::new(source, dialect::test).map_err(Fault::value)?;
            return Ok(Condition::Foreign(test));
        }
        let matcher = matcher(op, operand)?;
        let attribute = match tested {
            TestedWire::Name(name) => self.attributes.named(&name),
            TestedWire::Other(attribute) => self.attributes.intern(attribute),
        };
        Ok(Condition::Test(Test { attribute, matcher }))
    }

    /// The test of an attribute against a named list; it is made once, and shared.
    fn listed(
        &mut self,
        tested: TestedWire<'_>,
        op: &str,
        operand: &Operand<'_>,
        key: &str,
    ) -> Result<Condition, Fault> {
        if operand.value.is_some() {
            return Err(Fault::value("a condition has a \"value\" or a \"list\""));
        }
        if !takes_list(op) {
            let message = format!("\"{op}\" takes no list; these do: {}", lists::OPERATORS);
            return Err(Fault::value(message));
        }
        let attribute = Attribute::from(tested);
        let using = self.lists.using(key, op, operand.fold_case, &attribute)?;
        let made = match self.lists.made(&using) {
            Some(made) => made,
            None => self.make_listed(using, attribute, key)?,
        };
        self.used_segments.insert(made);
        Ok(Condition::Listed(made))
    }

    fn make_listed(&mut self, using: Use, attribute: Attribute, key: &str) -> Result<usize, Fault> {
        let operand = Operand {
            value: Some(self.lists.values(&using)?),
            fold_case: using.fold_case,
            texts_max: LIST_VALUES_MAX,
        };
        let tested = TestedWire::Other(attribute);
        match self.tested(tested, &using.op, operand, &Place::ROOT) {
            Ok(test) => Ok(self.lists.make(using, test)),
            Err(Fault::Value(code, unfit)) => {
                let unfit = unfit!("the list \"{key}\" does not fit: {unfit}");
                Err(Fault::Value(code, unfit))
            }
            Err(other) => Err(other),
        }
    }

    /// The test of an attribute by an operand that names lists inside; it is made once, and shared.
    fn within_lists(
        &mut self,
        tested: TestedWire<'_>,
        op: &str,
        written: &Value,
        place: &Place<'_>,
    ) -> Result<Condition, Fault> {
        let attribute = Attribute::from(tested);
        let mut keys = Vec::new();
        within::keys(op, written, &mut keys);
        let mut uses = Vec::new();
        for key in keys {
            uses.push((key, self.lists.using(key, op, false, &attribute)?));
        }
        let Some((_, first)) = uses.first().cloned() else {
            return Err(Fault::value("a list is named by its key"));
        };
        let using = first.within(written);
        let made = if let Some(made) = self.lists.made(&using) {
            made
        } else {
            let mut lists = BTreeMap::new();
            for (key, using) in &uses {
                let values = self.lists.values(using)?.into_value();
                if let Value::List(items) = &values {
                    limit(items.len(), LIST_LENGTH_MAX)?;
                }
                lists.insert(*key, values);
            }
            let filled = within::filled(op, written, &lists).map_err(Fault::value)?;
            let operand = Operand {
                value: Some(OperandWire::Other(filled)),
                fold_case: false,
                texts_max: LIST_LENGTH_MAX,
            };
            let test = self.tested(TestedWire::Other(attribute), op, operand, place)?;
            self.lists.make(using, test)
        };
        self.used_segments.insert(made);
        Ok(Condition::Listed(made))
    }

    /// The gate that opens for subjects whom the holdout keeps out of experiments.
    fn held_out(&mut self, key: &str, place: &Place<'_>) -> Option<Gate> {
        let Some(index) = self.holdouts.index(key) else {
            self.unknown(place, "holdout", key, self.holdouts);
            return None;
        };
        let holdout = self.made_holdouts.get(index)?;
        Some(Gate {
            bucketing: holdout.bucketing.clone(),
            share: Share::Ranges(holdout.range.into_iter().collect()),
        })
    }
}

/// A negated operator is a positive one and its complement: `notIn` is not `in`.
pub(crate) fn positive_form(op: &str) -> (bool, Cow<'_, str>) {
    let rest = op
        .strip_prefix("not")
        .filter(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()));
    let Some(rest) = rest else {
        return (false, op.into());
    };
    let mut positive = rest.to_owned();
    if let Some(first) = positive.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    (true, positive.into())
}

/// The everyday operator of that name, for elements of lists.
pub(crate) fn matcher_of(op: &str, value: Value, fold_case: bool) -> Result<Matcher, Unfit> {
    let operand = Operand {
        value: (value != Value::Null).then(|| value.into()),
        fold_case,
        texts_max: LIST_LENGTH_MAX,
    };
    matcher(op, operand).map_err(|fault| match fault {
        Fault::Value(_, unfit) => unfit,
        Fault::Operator | Fault::Reported => unfit!("unknown operator \"{op}\""),
    })
}

/// Whether upper and lower case make a difference to the operator.
pub(crate) fn knows_case(op: &str) -> bool {
    matches!(
        op,
        "equals" | "in" | "contains" | "startsWith" | "endsWith" | "matches"
    )
}

struct Operand<'a> {
    value: Option<OperandWire<'a>>,
    fold_case: bool,
    /// Texts at most, where they are searched and not looked through.
    texts_max: usize,
}

enum Fault {
    Operator,
    Value(DiagnosticCode, Unfit),
    /// It has been said already.
    Reported,
}

impl From<Unusable> for Fault {
    fn from((code, message): Unusable) -> Self {
        Self::Value(code, unfit!("{message}"))
    }
}

impl Fault {
    fn value(unfit: impl Into<Unfit>) -> Self {
        Self::Value(DiagnosticCode::InvalidCondition, unfit.into())
    }
}

fn matcher(op: &str, operand: Operand<'_>) -> Result<Matcher, Fault> {
    match op {
        "exists" => Ok(Matcher::Exists),
        "equals" | "in" => membership(operand),
        "contains" => texts(operand, Position::Anywhere),
        "startsWith" => texts(operand, Position::Start),
        "endsWith" => texts(operand, Position::End),
        "matches" => pattern(&operand),
        "greaterThan" => number(&operand, Comparison::Greater),
        "greaterOrEqual" => number(&operand, Comparison::GreaterOrEqual),
        "lessThan" => number(&operand, Comparison::Less),
        "lessOrEqual" => number(&operand, Comparison::LessOrEqual),
        "before" => time(&operand, Comparison::Less),
        "after" => time(&operand, Comparison::Greater),
        "versionEquals" => version(&operand, Comparison::Equal),
        "versionGreaterThan" => version(&operand, Comparison::Greater),
        "versionGreaterOrEqual" => version(&operand, Comparison::GreaterOrEqual),
        "versionLessThan" => version(&operand, Comparison::Less),
        "versionLessOrEqual" => version(&operand, Comparison::LessOrEqual),
        "versionMatches" => {
            let range = text(&operand, "a version range such as \"^1.2\"")?;
            semver::VersionReq::parse(range)
                .map_err(|error| Fault::value(unfit!("no version range: {error}")))
                .and_then(|range| Ok(Matcher::VersionRange(rare(Box::new(range))?)))
        }
        _ => Err(Fault::Operator),
    }
}

/// `equals` takes one value, `in` a list; each takes the other's form too.
fn membership(operand: Operand<'_>) -> Result<Matcher, Fault> {
    if operand.fold_case {
        return texts(operand, Position::Whole);
    }
    match operand.value {
        Some(OperandWire::Text(text)) => Ok(Matcher::OneOfTexts(Texts::of(&[text]))),
        Some(OperandWire::Texts(mut texts)) => {
            limit(texts.len(), operand.texts_max)?;
            texts.sort_unstable();
            Ok(Matcher::OneOfTexts(Texts::of(&texts)))
        }
        Some(OperandWire::Other(Value::List(items))) => {
            limit(items.len(), LIST_LENGTH_MAX)?;
            Ok(Matcher::OneOf(items))
        }
        Some(OperandWire::Other(value)) => Ok(Matcher::OneOf([value].into())),
        None => Err(Fault::value("the operator needs a \"value\"")),
    }
}

fn texts(operand: Operand<'_>, position: Position) -> Result<Matcher, Fault> {
    const WANTED: &str = "the operator needs a string or a list of strings as \"value\"";
    let items = match operand.value {
        Some(OperandWire::Text(text)) => vec![text],
        Some(OperandWire::Texts(texts)) => texts,
        // A list that is not of texts alone; that it is too long is said first.
        Some(OperandWire::Other(Value::List(items))) => {
            limit(items.len(), LIST_LENGTH_MAX)?;
            return Err(Fault::value(WANTED));
        }
        Some(OperandWire::Other(_)) | None => return Err(Fault::value(WANTED)),
    };
    limit(items.len(), LIST_LENGTH_MAX)?;
    let needles = if operand.fold_case {
        items.iter().map(|text| lowercase(text)).collect()
    } else {
        Texts::of(&items)
    };
    Ok(Matcher::Text(TextMatcher {
        position,
        needles,
        fold_case: operand.fold_case,
    }))
}

fn limit(length: usize, most: usize) -> Result<(), Fault> {
    if length <= most {
        return Ok(());
    }
    let unfit = unfit!("the list has {length} values; at most {most} are allowed");
    Err(Fault::Value(DiagnosticCode::LimitExceeded, unfit))
}

fn text<'o>(operand: &'o Operand<'_>, wanted: &str) -> Result<&'o str, Fault> {
    let value = operand.value.as_ref().and_then(OperandWire::as_str);
    value.ok_or_else(|| Fault::value(unfit!("the operator needs {wanted} as \"value\"")))
}

fn pattern(operand: &Operand<'_>) -> Result<Matcher, Fault> {
    let source = text(operand, "a regular expression")?;
    Pattern::new(source, operand.fold_case)
        .map_err(|error| {
            let code = match error {
                Unbuilt::TooLong | Unbuilt::TooManySteps(_) => DiagnosticCode::LimitExceeded,
                Unbuilt::Malformed(_) => DiagnosticCode::InvalidCondition,
            };
            Fault::Value(code, unfit!("{error}"))
        })
        .and_then(|pattern| Ok(Matcher::Pattern(rare(Box::new(pattern))?)))
}

fn number(operand: &Operand<'_>, comparison: Comparison) -> Result<Matcher, Fault> {
    let than = match &operand.value {
        Some(OperandWire::Other(value)) => value.as_f64(),
        _ => None,
    };
    than.map(|than| Matcher::Number(comparison, than))
        .ok_or_else(|| Fault::value("the operator needs a number as \"value\""))
}

fn time(operand: &Operand<'_>, comparison: Comparison) -> Result<Matcher, Fault> {
    let time = UnixMillis::parse_iso(text(operand, "an ISO 8601 time")?);
    time.map_err(|_| "no ISO 8601 time such as 2026-03-01T09:00:00Z")
        .map_err(Fault::value)
        .and_then(|than| Ok(Matcher::Time(comparison, rare(than)?)))
}

fn version(operand: &Operand<'_>, comparison: Comparison) -> Result<Matcher, Fault> {
    let version = Precedence::parse(text(operand, "a semantic version")?);
    version
        .map(|than| Matcher::Version(comparison, than))
        .map_err(|error| Fault::value(unfit!("no semantic version: {error}")))
}

/// The thing, where this engine knows what is rare.
fn rare<T>(thing: T) -> Result<Rare<T>, Fault> {
    let known = Known::here().ok_or(UNKNOWN).map_err(Fault::value)?;
    Ok(Rare::new(known, thing))
}
