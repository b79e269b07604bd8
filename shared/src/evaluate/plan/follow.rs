//! Following a plan.

use super::super::subject::Trail;
use super::super::{Participation, Served, Walker};
use super::{Operator, Plan, are_words, n_words, word};
use crate::bucketing::{Bucket, SALT_BLOCK_BYTES, hash_blocks};
use crate::condition::{Comparison, Condition};
use crate::context::{Seen, UnknownSlot};
use crate::evaluation::{Details, Failure, Reason};
use crate::flag::{Flag, Rule};
use crate::texts::LOOKED_AT_MAX;
use crate::value::Value;
use crate::version::{PlainVersion, Precedence};

/// What is left of a plan.
#[derive(Clone, Copy)]
struct Code<'p>(&'p [u32]);

impl<'p> Code<'p> {
    #[inline]
    fn next(&mut self) -> Option<u32> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    #[inline]
    fn take(&mut self, n: usize) -> Option<&'p [u32]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    #[inline]
    fn long(&mut self) -> Option<u64> {
        let low = u64::from(self.next()?);
        Some(low | u64::from(self.next()?) << u32::BITS)
    }
}

/// Where a rule's chance leads.
enum Chance {
    /// To this variant.
    Variant(usize),
    /// To none.
    Missed,
}

/// Whether something holds, where the plan can tell.
type Told = Option<Result<bool, Box<Failure>>>;

impl<'a> Walker<'_, 'a> {
    /// What the flag serves; nothing where only the walk can tell.
    pub(in crate::evaluate) fn follow(
        &self,
        plan: &Plan,
        flag: &'a Flag,
        details: &mut Details<'a>,
        trail: &Trail<'_>,
    ) -> Option<Result<Served, Box<Failure>>> {
        if self.participation == Participation::Excluded {
            return None;
        }
        let mut code = Code(&plan.0);
        for rule in &flag.rules {
            let n_words = code.next()?;
            let head = code.next()?;
            let mut body = Code(code.take(n_words as usize)?);
            let holds = match self.all_hold(head & 0xFFFF, &mut body, rule, trail)? {
                Ok(holds) => holds,
                Err(failure) => return Some(Err(failure)),
            };
            if !holds {
                continue;
            }
            let bits = head >> 16;
            let mut bucket = None;
            let is_open = bits & 1 == 0 || {
                let drawn = self.draw(&mut body)?;
                bucket = Some(drawn);
                let (from, to) = (u64::from(body.next()?), u64::from(body.next()?));
                (from..to).contains(&drawn.index())
            };
            let chance = if is_open {
                self.serve(&mut body, &mut bucket)?
            } else {
                Chance::Missed
            };
            let Chance::Variant(variant) = chance else {
                if bits & 2 == 0 {
                    continue;
                }
                break;
            };
            details.rule = Some(&rule.id);
            details.bucket = bucket;
            details.tracked = bits & 16 != 0;
            if bits & 32 != 0 {
                self.choose_by_policy(flag.variants.get(variant), details);
            }
            let reason = match bits >> 2 & 3 {
                0 => Reason::Static,
                1 => Reason::TargetingMatch,
                _ => Reason::Split,
            };
            return Some(Ok((Some(variant), reason)));
        }
        let reason = if flag.rules.is_empty() {
            Reason::Static
        } else {
            Reason::Default
        };
        Some(Ok((flag.fallback, reason)))
    }

    /// Whether all tests of a rule pass.
    #[inline]
    fn all_hold(&self, n: u32, code: &mut Code<'_>, rule: &Rule, trail: &Trail<'_>) -> Told {
        for _ in 0..n {
            let head = code.next()?;
            let number = (head >> 16) as usize;
            let operator = *Operator::ALL.get((head & 0xFF) as usize)?;
            let holds = if operator == Operator::Other {
                let part = match &rule.when {
                    Condition::All(parts) => parts.get(number)?,
                    part => part,
                };
                match self.holds(part, trail) {
                    Ok(truth) => truth.is_yes(),
                    Err(failure) => return Some(Err(failure)),
                }
            } else {
                self.passes_test(operator, head >> 8 & 0xFF, number, code)?
            };
            if !holds {
                return Some(Ok(false));
            }
        }
        Some(Ok(true))
    }

    /// Whether the attribute in the slot passes; a list does when one of its elements would, which
    /// is left to the walk.
    #[inline]
    fn passes_test(
        &self,
        operator: Operator,
        slot: u32,
        number: usize,
        code: &mut Code<'_>,
    ) -> Option<bool> {
        let Some(seen) = self.look(slot).ok()? else {
            return Some(false);
        };
        let text = match seen.value {
            Value::String(text) => Some(text.as_bytes()),
            Value::List(_) if operator != Operator::Exists => return None,
            _ => None,
        };
        Some(match operator {
            Operator::Other | Operator::Exists => true,
            Operator::OneOf => {
                let n_words = code.next()?;
                let mut operands = Code(code.take(n_words as usize)?);
                let (heads, lengths) = (operands.take(number)?, operands.take(number)?);
                text.is_some_and(|text| is_among(text, heads, lengths, operands.0))
            }
            Operator::StartsWith => {
                let needle = code.take(n_words(number))?;
                let start = text.and_then(|text| text.get(..number));
                start.is_some_and(|start| are_words(start, needle))
            }
            Operator::EndsWith => {
                let needle = code.take(n_words(number))?;
                let end = text.and_then(|text| text.get(text.len().checked_sub(number)?..));
                end.is_some_and(|end| are_words(end, needle))
            }
            Operator::Number => {
                let than = f64::from_bits(code.long()?);
                let order = seen
                    .value
                    .as_f64()
                    .and_then(|value| value.partial_cmp(&than));
                {
                    let comparison = comparison(number)?;
                    order.is_some_and(|order| comparison.accepts(order))
                }
            }
            Operator::Version => {
                let than = PlainVersion::from_packed(code.long()?);
                let order = match (seen.version, seen.value) {
                    (Some(version), _) => Some(version.cmp(&than)),
                    (None, Value::String(text)) => {
                        let version = Precedence::parse(text).ok();
                        version.map(|version| version.compare(&Precedence::Plain(than)))
                    }
                    _ => None,
                };
                {
                    let comparison = comparison(number)?;
                    order.is_some_and(|order| comparison.accepts(order))
                }
            }
        })
    }

    fn look(&self, slot: u32) -> Result<Option<Seen<'_>>, UnknownSlot> {
        let attributes = self.ruleset.attributes();
        self.gaze.look_into(slot as usize, attributes)
    }

    /// The subject's bucket; nothing where there is no text to draw by.
    #[inline]
    fn draw(&self, code: &mut Code<'_>) -> Option<Bucket> {
        let head = code.next()?;
        let n_bytes = (head >> 8) as usize;
        let (salt, _) = code
            .take(n_bytes.div_ceil(SALT_BLOCK_BYTES) * (SALT_BLOCK_BYTES / size_of::<u32>()))?
            .as_chunks();
        let Value::String(unit) = self.look(head & 0xFF).ok()??.value else {
            return None;
        };
        Some(Bucket::from_hash(hash_blocks(salt, n_bytes, unit)))
    }

    /// The variant that is served, if one is.
    #[inline]
    fn serve(&self, code: &mut Code<'_>, bucket: &mut Option<Bucket>) -> Option<Chance> {
        let head = code.next()?;
        if head >> 16 == 0 {
            return Some(Chance::Variant(code.next()? as usize));
        }
        let drawn = self.draw(code)?;
        let (ranges, _) = code.0.as_chunks::<3>();
        let owner = ranges
            .iter()
            .take((head & 0xFFFF) as usize)
            .find(|[from, to, _]| (u64::from(*from)..u64::from(*to)).contains(&drawn.index()));
        *bucket = Some(drawn);
        Some(owner.map_or(Chance::Missed, |[.., owner]| {
            Chance::Variant(*owner as usize)
        }))
    }
}

/// Words of a text beyond its first.
fn n_more_words(bytes: u32) -> usize {
    n_words(bytes as usize).saturating_sub(1)
}

/// Whether the text is one of the list: first words, lengths, and all further words.
fn is_among(text: &[u8], heads: &[u32], lengths: &[u32], more: &[u32]) -> bool {
    let first = word(text);
    let (mut from, mut to) = (0, heads.len());
    if to > LOOKED_AT_MAX {
        from = heads.partition_point(|head| *head < first);
        to = heads.partition_point(|head| *head <= first);
    }
    while let Some(place) = heads.get(from..to).and_then(|heads| {
        let skipped = heads.iter().position(|head| *head == first)?;
        Some(from + skipped)
    }) {
        if is_there(text, place, lengths, more) {
            return true;
        }
        from = place + 1;
    }
    false
}

/// Whether the text is the one of the list whose first word is at that place.
fn is_there(text: &[u8], place: usize, lengths: &[u32], more: &[u32]) -> bool {
    let Some((length, before)) = lengths.get(..=place).and_then(<[u32]>::split_last) else {
        return false;
    };
    if *length as usize != text.len() {
        return false;
    }
    let Some(rest) = text.get(size_of::<u32>()..) else {
        return true;
    };
    let from = before.iter().map(|length| n_more_words(*length)).sum();
    let n_more = n_more_words(*length);
    let there = more.get(from..).and_then(|more| more.get(..n_more));
    there.is_some_and(|there| are_words(rest, there))
}

fn comparison(number: usize) -> Option<Comparison> {
    const ALL: [Comparison; 5] = [
        Comparison::Equal,
        Comparison::Less,
        Comparison::LessOrEqual,
        Comparison::Greater,
        Comparison::GreaterOrEqual,
    ];
    ALL.get(number).copied()
}
