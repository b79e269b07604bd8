//! Conditions of other systems, and our own rarer ones, in words: what they ask of an attribute.
//!
//! A table, which only explanations read: engines that explain nothing do not carry it.

#[cfg(test)]
mod tests;

use crate::context::{Attribute, EvaluationContext};
use crate::dialect::Source;
use crate::time::UnixMillis;
use crate::value::Value;
use std::fmt::Write;

/// Elements of a list that are listed before the rest is only counted.
const LISTED_MAX: usize = 5;

/// What an operator asks: `$` stands for its value, of a list for one of its elements, `&` for all
/// of them, `{name}` for a member of the value, or the value where it has none, and `@` before
/// either says that it is a moment in whole seconds. What begins with `!` is said as it is; of what
/// begins with `?` the first half belongs to true, the second to false.
type Phrase = (&'static str, &'static str);

const CONFIGCAT: &[Phrase] = &[
    ("IS ONE OF", "is $"),
    ("CONTAINS ANY OF", "contains $"),
    ("IS ONE OF (semver)", "is the version $"),
    ("< (semver)", "is a version before $"),
    ("<= (semver)", "is the version $ or an earlier one"),
    ("> (semver)", "is a version after $"),
    (">= (semver)", "is the version $ or a later one"),
    ("= (number)", "is the number $"),
    ("!= (number)", "is a number other than $"),
    ("< (number)", "is a number below $"),
    ("<= (number)", "is a number of at most $"),
    ("> (number)", "is a number above $"),
    (">= (number)", "is a number of at least $"),
    ("IS ONE OF (hashed)", "is one of the secret texts"),
    ("BEFORE", "is a time before @$"),
    ("AFTER", "is a time after @$"),
    ("EQUALS (hashed)", "is the secret text"),
    (
        "STARTS WITH ANY OF (hashed)",
        "starts with one of the secret texts",
    ),
    (
        "ENDS WITH ANY OF (hashed)",
        "ends with one of the secret texts",
    ),
    (
        "ARRAY CONTAINS ANY OF (hashed)",
        "has one of the secret texts as an element",
    ),
    ("EQUALS", "is $"),
    ("STARTS WITH ANY OF", "starts with $"),
    ("ENDS WITH ANY OF", "ends with $"),
    ("ARRAY CONTAINS ANY OF", "has $ as an element"),
    ("fails", "!nobody can tell: $"),
];

const EPPO: &[Phrase] = &[
    ("MATCHES", "matches the expression $"),
    ("ONE_OF", "is $"),
    ("GTE", "is $ or more"),
    ("GT", "is more than $"),
    ("LTE", "is $ or less"),
    ("LT", "is less than $"),
    ("IS_NULL", "?is missing|is there"),
];

const FLAGSHIP: &[Phrase] = &[
    ("equals", "is $"),
    ("greater_than", "is more than $"),
    ("less_than", "is less than $"),
    ("greater_than_or_equals", "is $ or more"),
    ("less_than_or_equals", "is $ or less"),
    ("contains", "contains $"),
    ("starts_with", "starts with $"),
    ("ends_with", "ends with $"),
    ("in", "is $"),
    ("has", "has $ as an element"),
    ("drawable", "is no list and no object"),
];

const FLAGSMITH: &[Phrase] = &[
    ("IS_SET", "is there"),
    ("IS_NOT_SET", "is missing"),
    ("EQUAL", "is {value}"),
    ("GREATER_THAN", "is more than {value}"),
    ("GREATER_THAN_INCLUSIVE", "is {value} or more"),
    ("LESS_THAN", "is less than {value}"),
    ("LESS_THAN_INCLUSIVE", "is {value} or less"),
    ("CONTAINS", "contains {value}"),
    ("IN", "is {value}"),
    ("REGEX", "matches the expression {value} from its beginning"),
    (
        "MODULO",
        "divided by the first of {value} leaves the second",
    ),
    (
        "PERCENTAGE_SPLIT",
        "is in the first {value} percent by its hash",
    ),
];

const FLIPT: &[Phrase] = &[
    ("string.eq", "is $"),
    ("string.empty", "is missing or empty"),
    ("string.notempty", "is there and not empty"),
    ("string.prefix", "starts with $"),
    ("string.suffix", "ends with $"),
    ("string.contains", "contains $"),
    ("string.isoneof", "is $"),
    ("number.eq", "is the number $"),
    ("number.neq", "is a number other than $"),
    ("number.lt", "is a number below $"),
    ("number.lte", "is a number of at most $"),
    ("number.gt", "is a number above $"),
    ("number.gte", "is a number of at least $"),
    ("number.present", "is there"),
    ("number.notpresent", "is missing"),
    ("number.isoneof", "is the number $"),
    ("number.isnotoneof", "is a number other than $"),
    ("boolean.true", "is true"),
    ("boolean.false", "is false"),
    ("boolean.present", "is there"),
    ("boolean.notpresent", "is missing"),
    ("datetime.eq", "is the time $"),
    ("datetime.neq", "is a time other than $"),
    ("datetime.lt", "is a time before $"),
    ("datetime.lte", "is a time not after $"),
    ("datetime.gt", "is a time after $"),
    ("datetime.gte", "is a time not before $"),
    ("datetime.present", "is there"),
    ("datetime.notpresent", "is missing"),
];

const GOFF: &[Phrase] = &[
    ("text", "is a text that is not empty"),
    ("query", "the query $"),
    ("jsonlogic", "the expression $"),
    (
        "progressive",
        "is in the share that goes from {initial} percent at @{start} to {last} percent at @{end}",
    ),
];

const GROWTHBOOK: &[Phrase] = &[
    ("condition", "the condition $"),
    ("is", "is $"),
    ("urls", "is a page that is meant by $"),
    ("$eq", "is $"),
    ("$ne", "is not $"),
    ("$lt", "is less than $"),
    ("$lte", "is $ or less"),
    ("$gt", "is more than $"),
    ("$gte", "is $ or more"),
    ("$veq", "is the version $"),
    ("$vne", "is not the version $"),
    ("$vlt", "is a version before $"),
    ("$vlte", "is the version $ or an earlier one"),
    ("$vgt", "is a version after $"),
    ("$vgte", "is the version $ or a later one"),
    ("$exists", "?is there|is missing"),
    ("$in", "is $"),
    ("$nin", "is not $"),
    ("$ini", "is $, in any case"),
    ("$nini", "is not $, in any case"),
    ("$not", "is none that satisfies $"),
    ("$size", "is a list whose size satisfies $"),
    ("$elemMatch", "has an element that satisfies $"),
    ("$all", "has the elements &"),
    ("$alli", "has the elements &, in any case"),
    ("$regex", "matches the expression $"),
    ("$regexi", "matches the expression $, in any case"),
    ("$type", "is of the type $"),
];

const LAUNCHDARKLY: &[Phrase] = &[
    ("in", "is $"),
    ("startsWith", "starts with $"),
    ("endsWith", "ends with $"),
    ("contains", "contains $"),
    ("matches", "matches the expression $"),
    ("lessThan", "is less than $"),
    ("lessThanOrEqual", "is $ or less"),
    ("greaterThan", "is more than $"),
    ("greaterThanOrEqual", "is $ or more"),
    ("before", "is a time before $"),
    ("after", "is a time after $"),
    ("semVerEqual", "is the version $"),
    ("semVerLessThan", "is a version before $"),
    ("semVerGreaterThan", "is a version after $"),
    ("none", "is compared by an operator that nobody knows"),
    ("malformed", "!nobody can tell: $"),
];

const OURS: &[Phrase] = &[
    ("isNull", "is null"),
    ("isEmpty", "is empty"),
    ("hasType", "is of the type $"),
    ("between", "is between &"),
    ("modulo", "divided by {divisor} leaves {remainder}"),
    ("sizeEquals", "has the size $"),
    ("sizeAtLeast", "has a size of at least $"),
    ("sizeAtMost", "has a size of at most $"),
    ("containsAny", "has the element $"),
    ("containsAll", "has the elements &"),
    ("setEquals", "has the elements & and no other"),
    ("subsetOf", "has no elements but &"),
    ("supersetOf", "has the elements &"),
    ("anyElement", "has an element that satisfies $"),
    ("everyElement", "has no element that does not satisfy $"),
    ("inNetwork", "is an address in $"),
    ("equalsHashed", "is one of the secret texts"),
    ("urlMatches", "is an address that matches $"),
    ("versionIn", "is the version $"),
    ("versionBetween", "is a version from {from} to {to}"),
    ("versionEquals", "is the version {version}"),
    ("versionGreaterThan", "is a version after {version}"),
    (
        "versionGreaterOrEqual",
        "is the version {version} or a later one",
    ),
    ("versionLessThan", "is a version before {version}"),
    (
        "versionLessOrEqual",
        "is the version {version} or an earlier one",
    ),
    ("versionMatches", "is a version in {range}"),
    ("timeBetween", "is a time from {from} to {to}"),
    ("before", "is a time before {value}"),
    ("after", "is a time after {value}"),
    ("dayOfWeek", "is on a day of {days}"),
    ("timeOfDay", "is at a time of day from {from} to {to}"),
    ("withinLast", "is a time within the last $"),
    ("withinNext", "is a time within the next $"),
    ("olderThan", "is a time longer ago than $"),
];

const POSTHOG: &[Phrase] = &[
    ("exact", "is $"),
    ("truth", "?is true|is there and is not true"),
    ("not_truth", "?is there and is not true|is true"),
    ("is_set", "is there"),
    ("is_not_set", "is missing"),
    ("icontains", "contains $, in any case"),
    ("starts_with", "starts with $"),
    ("ends_with", "ends with $"),
    ("regex", "matches the expression $"),
    ("gt", "is more than $"),
    ("gte", "is $ or more"),
    ("lt", "is less than $"),
    ("lte", "is $ or less"),
    ("is_date_before", "is a time before $"),
    ("is_date_after", "is a time after $"),
    ("semver_eq", "is the version $"),
    ("semver_neq", "is a version other than $"),
    ("semver_gt", "is a version after $"),
    ("semver_gte", "is the version $ or a later one"),
    ("semver_lt", "is a version before $"),
    ("semver_lte", "is the version $ or an earlier one"),
    ("semver_tilde", "is a version in ~$"),
    ("semver_caret", "is a version in ^$"),
    ("semver_wildcard", "is a version in $"),
    ("flag_evaluates_to", "comes to $"),
    ("identifies", "is there"),
    ("unknown", "!one of its filters cannot be told here"),
    ("server", "!it cannot be told here: $"),
];

const SPLIT: &[Phrase] = &[
    ("ALL_KEYS", "is there"),
    ("WHITELIST", "is $"),
    ("STARTS_WITH", "starts with $"),
    ("ENDS_WITH", "ends with $"),
    ("CONTAINS_STRING", "contains $"),
    ("MATCHES_STRING", "matches the expression $"),
    ("EQUAL_TO_BOOLEAN", "is $"),
    ("EQUAL_TO", "is {value}"),
    ("GREATER_THAN_OR_EQUAL_TO", "is {value} or more"),
    ("LESS_THAN_OR_EQUAL_TO", "is {value} or less"),
    ("BETWEEN", "is between {start} and {end}"),
    ("EQUAL_TO_SET", "has the elements & and no other"),
    ("CONTAINS_ANY_OF_SET", "has the element $"),
    ("CONTAINS_ALL_OF_SET", "has the elements &"),
    ("PART_OF_SET", "has no elements but &"),
    ("EQUAL_TO_SEMVER", "is the version $"),
    (
        "GREATER_THAN_OR_EQUAL_TO_SEMVER",
        "is the version $ or a later one",
    ),
    (
        "LESS_THAN_OR_EQUAL_TO_SEMVER",
        "is the version $ or an earlier one",
    ),
    ("BETWEEN_SEMVER", "is a version from {start} to {end}"),
    ("IN_LIST_SEMVER", "is the version $"),
];

const UNLEASH: &[Phrase] = &[
    ("IN", "is $"),
    ("STR_STARTS_WITH", "starts with $"),
    ("STR_ENDS_WITH", "ends with $"),
    ("STR_CONTAINS", "contains $"),
    ("NUM_EQ", "is the number $"),
    ("NUM_GT", "is a number above $"),
    ("NUM_GTE", "is a number of at least $"),
    ("NUM_LT", "is a number below $"),
    ("NUM_LTE", "is a number of at most $"),
    ("DATE_AFTER", "is a time after $"),
    ("DATE_BEFORE", "is a time before $"),
    ("SEMVER_EQ", "is the version $"),
    ("SEMVER_GT", "is a version after $"),
    ("SEMVER_GTE", "is the version $ or a later one"),
    ("SEMVER_LT", "is a version before $"),
    ("SEMVER_LTE", "is the version $ or an earlier one"),
    ("REGEX", "matches the expression $"),
    ("IN_CIDR", "is an address in $"),
];

/// How a system writes the contrary of an operator, and whether an attribute that is missing
/// satisfies it there.
const CONTRARIES: &[(&str, &str, bool)] = &[
    ("configcat", "NOT ", false),
    ("eppo", "NOT_", false),
    ("flagship", "not_", false),
    ("flagsmith", "NOT_", false),
    ("flipt", "not", false),
    ("launchdarkly", "not ", false),
    ("posthog", "not_", false),
    ("unleash", "NOT_", true),
];

/// Contraries that are written in ways of their own.
const ODD_CONTRARIES: &[(&str, &str)] = &[
    ("IS NOT ONE OF", "IS ONE OF"),
    ("IS NOT ONE OF (semver)", "IS ONE OF (semver)"),
    ("IS NOT ONE OF (hashed)", "IS ONE OF (hashed)"),
    ("ARRAY NOT CONTAINS ANY OF", "ARRAY CONTAINS ANY OF"),
    (
        "ARRAY NOT CONTAINS ANY OF (hashed)",
        "ARRAY CONTAINS ANY OF (hashed)",
    ),
    ("is_not", "exact"),
    ("string.neq", "string.eq"),
    ("string.notcontains", "string.contains"),
    ("string.isnotoneof", "string.isoneof"),
];

fn table(dialect: &str) -> &'static [Phrase] {
    match dialect {
        "bandera" => OURS,
        "configcat" => CONFIGCAT,
        "eppo" => EPPO,
        "flagship" => FLAGSHIP,
        "flagsmith" => FLAGSMITH,
        "flipt" => FLIPT,
        "goff" => GOFF,
        "growthbook" => GROWTHBOOK,
        "launchdarkly" => LAUNCHDARKLY,
        "posthog" => POSTHOG,
        "split" => SPLIT,
        "unleash" => UNLEASH,
        _ => &[],
    }
}

fn phrase(table: &'static [Phrase], op: &str) -> Option<&'static str> {
    let found = table.iter().find(|(name, _)| *name == op);
    found.map(|(_, phrase)| *phrase)
}

/// What a condition asks of its attribute, as a verb with all that belongs to it.
///
/// # Errors
/// Within: what is said in place of a condition that nothing satisfies or fails.
pub(super) fn asked(source: &Source) -> Result<String, String> {
    if let Some(said) = nobody(source) {
        return Err(said);
    }
    let table = table(&source.dialect);
    let (op, end) = match source.op.strip_suffix("/i") {
        Some(op) => (op, ", in any case"),
        None => (&*source.op, ""),
    };
    if let Some(phrase) = phrase(table, op) {
        return match phrase.strip_prefix('!') {
            Some(said) => {
                let why = source.value.as_str().unwrap_or_default();
                Err(said.replace('$', why))
            }
            None => Ok(fill(phrase, &source.value) + end),
        };
    }
    let known = CONTRARIES.iter().find(|known| known.0 == &*source.dialect);
    let odd = ODD_CONTRARIES.iter().find(|(contrary, _)| *contrary == op);
    let positive = match (odd, known) {
        (Some((_, positive)), _) => Some((*positive, false)),
        (None, Some((_, prefix, missing))) => op.strip_prefix(prefix).map(|op| (op, *missing)),
        (None, None) => None,
    };
    let found = positive.and_then(|(op, missing)| Some((phrase(table, op)?, missing)));
    Ok(match found {
        Some((phrase, missing)) => {
            let there = if missing { "" } else { "is there and " };
            format!("{there}{}{end}", contrary(&fill(phrase, &source.value)))
        }
        None => format!("{}:{} {}", source.dialect, source.op, source.value),
    })
}

/// What is said of a condition of Flagship that passes nobody, whatever its attribute is.
fn nobody(source: &Source) -> Option<String> {
    if &*source.dialect != "flagship" || &*source.op == "drawable" {
        return None;
    }
    let positive = source.op.strip_prefix("not_").unwrap_or(&source.op);
    let wanted = match (positive, &source.value) {
        (op, _) if phrase(FLAGSHIP, op).is_none() => "no operator that there is",
        ("in", Value::List(_)) => return None,
        ("in", _) => "meant for a list",
        (_, Value::List(_) | Value::Object(_)) => "not meant for lists and objects",
        (op, Value::Null) if op.contains("than") => "not meant for null",
        _ => return None,
    };
    let Source { op, value, .. } = source;
    Some(format!(
        "nobody passes: \"{op}\" is {wanted}, and has {value}"
    ))
}

/// `is $` becomes `is not $`, `contains $` `does not contain $`.
fn contrary(asked: &str) -> String {
    let (verb, rest) = asked.split_once(' ').unwrap_or((asked, ""));
    let verb = match verb {
        "is" => return format!("is not {rest}"),
        "has" => "have",
        "matches" => "match",
        other => other.strip_suffix('s').unwrap_or(other),
    };
    format!("does not {verb} {rest}")
}

fn fill(phrase: &str, value: &Value) -> String {
    let halves = phrase
        .strip_prefix('?')
        .and_then(|halves| halves.split_once('|'));
    let phrase = match (halves, value) {
        (Some((_, of_false)), Value::Bool(false)) => of_false,
        (Some((of_true, _)), _) => of_true,
        (None, _) => phrase,
    };
    let mut words = String::new();
    let mut rest = phrase;
    let mut is_moment = false;
    while let Some(c) = rest.chars().next() {
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
        match c {
            '@' => {
                is_moment = true;
                continue;
            }
            '$' => words.push_str(&listed(value, " or ", is_moment)),
            '&' => words.push_str(&listed(value, " and ", is_moment)),
            '{' => {
                let (name, behind) = rest.split_once('}').unwrap_or((rest, ""));
                rest = behind;
                // Times are milliseconds there.
                let is_time = value.member("dataType").and_then(Value::as_str) == Some("DATETIME");
                let member = value.member(name).unwrap_or(value);
                words.push_str(&match member.as_f64().filter(|_| is_time) {
                    Some(ms) => UnixMillis(ms as i64).to_rfc3339(),
                    None => listed(member, " or ", is_moment),
                });
            }
            other => words.push(other),
        }
        is_moment = false;
    }
    words
}

fn one(value: &Value, is_moment: bool) -> String {
    match value.as_f64().filter(|_| is_moment) {
        Some(seconds) => UnixMillis((seconds * 1_000.0) as i64).to_rfc3339(),
        None => brief(value).to_string(),
    }
}

/// The value, with a few elements of each list in it, and how many more there are.
fn brief(value: &Value) -> Value {
    match value {
        Value::List(items) if items.len() > LISTED_MAX + 1 => {
            let rest = format!("... {} more", items.len() - LISTED_MAX);
            let shown = items.iter().take(LISTED_MAX).map(brief);
            Value::List(shown.chain([rest.as_str().into()]).collect())
        }
        Value::List(items) => Value::List(items.iter().map(brief).collect()),
        Value::Object(members) => {
            let members = members.iter();
            Value::Object(
                members
                    .map(|(name, it)| (name.clone(), brief(it)))
                    .collect(),
            )
        }
        scalar => scalar.clone(),
    }
}

fn listed(value: &Value, joined: &str, is_moment: bool) -> String {
    let Value::List(items) = value else {
        return one(value, is_moment);
    };
    let mut words = String::new();
    for (index, item) in items.iter().take(LISTED_MAX).enumerate() {
        if index > 0 {
            words.push_str(joined);
        }
        words.push_str(&one(item, is_moment));
    }
    match items.len() {
        0 => words.push_str("one of none"),
        n if n > LISTED_MAX => {
            let _ = write!(words, "{joined}{} more", n - LISTED_MAX);
        }
        _ => {}
    }
    words
}

/// Where a condition of another system finds its attribute, if not under its name.
pub(super) fn place(source: &Source, context: &EvaluationContext) -> Option<Attribute> {
    let attribute = source.attribute.clone()?;
    let is_there = |attribute: &Attribute| context.get(attribute).is_some();
    if &*source.dialect == "flagsmith"
        && let Some(Value::List(path)) = source.value.member("path")
    {
        let mut names = path.iter().filter_map(Value::as_str);
        let name = names.next()?;
        return Some(Attribute::nested(name, names));
    }
    if is_there(&attribute) || attribute.kind().is_some() {
        return Some(attribute);
    }
    let name = attribute.names().next().unwrap_or_default();
    let is_alone = attribute.names().count() == 1;
    let other = match &*source.dialect {
        "growthbook" | "flagship" if name.contains('.') && is_alone => {
            let mut names = name.split('.');
            Attribute::nested(names.next()?, names)
        }
        "growthbook" | "eppo" if name == "id" && is_alone => Attribute::targeting_key(),
        "posthog" if name == "distinct_id" => Attribute::targeting_key(),
        "posthog" => attribute.clone().of("user"),
        _ => return Some(attribute),
    };
    Some(if is_there(&other) { other } else { attribute })
}
