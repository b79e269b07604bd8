//! From a flag to its plan.

use super::{Operator, Plan, word, words};
use crate::bucketing::{BUCKETS, Bucketing, Draw, SALT_BLOCK_BYTES};
use crate::condition::{Condition, Matcher, Position, Test};
use crate::evaluate::reason;
use crate::evaluation::Reason;
use crate::flag::{Flag, FlagState, Gate, OnMiss, Rule, Serve, Share};
use crate::split::Range;
use crate::texts::Texts;
use crate::time::Window;
use crate::version::Precedence;

/// The flag's plan, where it can have one.
pub(crate) fn lay_out(flag: &Flag) -> Option<Plan> {
    let is_plain = flag.state == FlagState::Live
        && flag.requires.is_empty()
        && flag.overrides.is_empty()
        && flag.holdouts.is_empty()
        && flag.layer.is_none()
        && flag.expiry.is_none()
        && flag.window == Window::default();
    if !is_plain {
        return None;
    }
    let mut code = Vec::new();
    for rule in &flag.rules {
        put_rule(rule, flag, &mut code)?;
    }
    Some(Plan(code.into()))
}

fn put_rule(rule: &Rule, flag: &Flag, code: &mut Vec<u32>) -> Option<()> {
    if rule.window != Window::default() {
        return None;
    }
    let parts = match &rule.when {
        Condition::All(parts) => parts,
        part => std::slice::from_ref(part),
    };
    let mut rest = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let before = rest.len();
        if put_test(part, &mut rest).is_none() {
            rest.truncate(before);
            rest.push(head(Operator::Other, 0, index)?);
        }
    }
    let gate = put_gate(&rule.gates, &mut rest)?;
    put_serve(&rule.serve, &mut rest)?;
    let by_chance = !rule.gates.is_empty() || rule.is_experimental();
    let reason = match reason(rule, by_chance) {
        Reason::Static => 0,
        Reason::TargetingMatch => 1,
        Reason::Split => 2,
        Reason::Default | Reason::Disabled => return None,
    };
    let bits = u32::from(gate)
        | u32::from(rule.on_miss == OnMiss::End) << 1
        | reason << 2
        | u32::from(by_chance && flag.tracked) << 4
        | u32::from(flag.variants.iter().any(|it| it.policy.is_some())) << 5;
    code.push(u32::try_from(rest.len()).ok()?);
    code.push(u32::from(u16::try_from(parts.len()).ok()?) | bits << 16);
    code.append(&mut rest);
    Some(())
}

fn head(operator: Operator, slot: u8, number: usize) -> Option<u32> {
    let number = u32::from(u16::try_from(number).ok()?);
    Some(operator as u32 | u32::from(slot) << 8 | number << 16)
}

fn put_test(part: &Condition, code: &mut Vec<u32>) -> Option<()> {
    let Condition::Test(Test { attribute, matcher }) = part else {
        return None;
    };
    let slot = u8::try_from(attribute.slot()?).ok()?;
    match matcher {
        Matcher::Exists => code.push(head(Operator::Exists, slot, 0)?),
        Matcher::OneOfTexts(texts) => {
            code.push(head(Operator::OneOf, slot, texts.len())?);
            let mut operands = Vec::new();
            put_texts(texts, &mut operands)?;
            code.push(u32::try_from(operands.len()).ok()?);
            code.append(&mut operands);
        }
        Matcher::Text(matcher) if matcher.needles.len() == 1 && !matcher.fold_case => {
            let operator = match matcher.position {
                Position::Start => Operator::StartsWith,
                Position::End => Operator::EndsWith,
                Position::Whole | Position::Anywhere => return None,
            };
            let needle = matcher.needles.iter().next()?.as_bytes();
            code.push(head(operator, slot, needle.len())?);
            code.extend(words(needle));
        }
        Matcher::Number(comparison, than) => {
            code.push(head(Operator::Number, slot, *comparison as usize)?);
            put_long(than.to_bits(), code);
        }
        Matcher::Version(comparison, Precedence::Plain(than)) => {
            code.push(head(Operator::Version, slot, *comparison as usize)?);
            put_long(than.packed(), code);
        }
        _ => return None,
    }
    Some(())
}

fn put_long(number: u64, code: &mut Vec<u32>) {
    code.extend([number as u32, (number >> u32::BITS) as u32]);
}

fn put_texts(texts: &Texts, code: &mut Vec<u32>) -> Option<()> {
    code.extend(texts.iter().map(|text| word(text.as_bytes())));
    for text in texts.iter() {
        code.push(u32::try_from(text.len()).ok()?);
    }
    for text in texts.iter() {
        code.extend(words(text.as_bytes()).skip(1));
    }
    Some(())
}

/// Whether there is a gate: one whose buckets are all buckets lets everybody pass.
fn put_gate(gates: &[Gate], code: &mut Vec<u32>) -> Option<bool> {
    match gates {
        [] => Some(false),
        [
            Gate {
                bucketing,
                share: Share::Ranges(ranges),
            },
        ] => match &**ranges {
            [full] if bucketing.is_ours() && *full == Range::FULL => Some(false),
            [range] => {
                put_draw(bucketing, code)?;
                put_range(*range, code)?;
                Some(true)
            }
            _ => None,
        },
        _ => None,
    }
}

fn put_range(range: Range, code: &mut Vec<u32>) -> Option<()> {
    code.push(u32::try_from(range.from()).ok()?);
    code.push(u32::try_from(range.to()).ok()?);
    Some(())
}

fn put_draw(bucketing: &Bucketing, code: &mut Vec<u32>) -> Option<()> {
    let [attribute] = &*bucketing.by else {
        return None;
    };
    if !bucketing.is_ours() || bucketing.draw != Draw::Hash || bucketing.scale != BUCKETS {
        return None;
    }
    let salt = bucketing.salt.as_bytes();
    let n_bytes = u32::try_from(salt.len()).ok().filter(|n| *n < 1 << 24)?;
    code.push(u32::try_from(attribute.slot()?).ok()? | n_bytes << 8);
    for block in salt.chunks(SALT_BLOCK_BYTES) {
        let mut bytes = [0; SALT_BLOCK_BYTES];
        bytes
            .iter_mut()
            .zip(block)
            .for_each(|(to, from)| *to = *from);
        let (chunks, _) = bytes.as_chunks();
        code.extend(chunks.iter().map(|chunk| u32::from_le_bytes(*chunk)));
    }
    Some(())
}

fn put_serve(serve: &Serve, code: &mut Vec<u32>) -> Option<()> {
    match serve {
        Serve::Variant(variant) => code.extend([0, u32::try_from(*variant).ok()?]),
        Serve::Split {
            bucketing,
            ranges,
            propensities: None,
        } => {
            code.push(1 << 16 | u32::from(u16::try_from(ranges.len()).ok()?));
            put_draw(bucketing, code)?;
            for owned in ranges {
                put_range(owned.range, code)?;
                code.push(u32::try_from(owned.owner).ok()?);
            }
        }
        _ => return None,
    }
    Some(())
}
