//! Expressions that one pass over the text decides: texts and repeated sets of characters, one
//! behind the other. It is no engine: where a repetition would have to give back what it took,
//! there is no sequence, and the expression is the engine's.

use super::set::Set;
use crate::condition::Position;
use std::str::Chars;

/// A part of an expression.
#[derive(Debug, Clone)]
pub(super) enum Part {
    /// These characters.
    Text(String),
    /// Characters of this set, so many at least and at most.
    Repeated(Set, u32, u32),
}

/// Parts that are found one behind the other, without a choice.
#[derive(Debug, Clone)]
pub(super) struct Sequence {
    parts: Vec<Part>,
    /// So many parts are looked for from the start of a text on, the others from its end.
    ahead: usize,
    position: Position,
}

impl Sequence {
    /// The parts, if where one ends never depends on what comes after the next character.
    ///
    /// A repetition takes all it can. That is no choice when what it takes can begin nothing that
    /// may follow. One part between those that are looked for from both ends takes what is left.
    pub(super) fn new((position, parts): (Position, Vec<Part>)) -> Option<Self> {
        let is_clear = |at: usize, way| is_clear(&parts, at, way);
        let n_parts = parts.len();
        let first_unclear = || (0..n_parts).find(|at| !is_clear(*at, Way::Ahead));
        let ahead = match position {
            Position::End => 0,
            _ => first_unclear().unwrap_or(n_parts),
        };
        let is_decided = match position {
            Position::Whole | Position::End => {
                (ahead + 1..n_parts).all(|at| is_clear(at, Way::Back))
            }
            Position::Start => ahead == n_parts,
            // Every place of a text may be the start: what is taken there has to have a bound.
            Position::Anywhere => ahead == n_parts && parts.iter().all(Part::is_bounded),
        };
        is_decided.then_some(Self {
            parts,
            ahead,
            position,
        })
    }

    /// Whether it is found in the text.
    ///
    /// Takes time proportional to the text, times the steps of the expression where it has no
    /// anchor.
    pub(super) fn is_match(&self, text: &str) -> bool {
        if let [Part::Text(part)] = self.parts.as_slice() {
            return self.position.finds(text, part);
        }
        let mut chars = text.chars();
        while !self.is_there(chars.as_str()) {
            if self.position != Position::Anywhere || chars.next().is_none() {
                return false;
            }
        }
        true
    }

    fn is_there(&self, text: &str) -> bool {
        let (ahead, back) = self.parts.split_at_checked(self.ahead).unwrap_or_default();
        let take = |way| move |text, part: &Part| part.take(text, way);
        ahead
            .iter()
            .try_fold(text, take(Way::Ahead))
            .and_then(|rest| back.iter().rev().try_fold(rest, take(Way::Back)))
            .is_some_and(|rest| rest.is_empty() || self.position != Position::Whole)
    }
}

/// Whether the part that is there takes as much whatever comes behind it on that way.
fn is_clear(parts: &[Part], mut at: usize, way: Way) -> bool {
    let Some(Part::Repeated(set, min, max)) = parts.get(at) else {
        return true;
    };
    if min == max {
        return true;
    }
    loop {
        at = match way {
            Way::Ahead => at + 1,
            Way::Back => at.wrapping_sub(1),
        };
        match parts.get(at) {
            Some(Part::Text(text)) => {
                let edge = way.next(&mut text.chars());
                return !edge.is_some_and(|edge| set.has(edge));
            }
            Some(Part::Repeated(.., 0)) => {}
            Some(Part::Repeated(other, ..)) if set.meets(other) => return false,
            Some(Part::Repeated(_, 0, _)) => {}
            Some(Part::Repeated(..)) | None => return true,
        }
    }
}

/// Which way a text is read.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    Ahead,
    Back,
}

impl Way {
    fn next(self, chars: &mut Chars<'_>) -> Option<char> {
        match self {
            Self::Ahead => chars.next(),
            Self::Back => chars.next_back(),
        }
    }
}

impl Part {
    fn is_bounded(&self) -> bool {
        !matches!(self, Self::Repeated(_, _, u32::MAX))
    }

    /// What is left of the text without what the part takes there, unless it is not there.
    fn take<'t>(&self, text: &'t str, way: Way) -> Option<&'t str> {
        let (set, min, max) = match (self, way) {
            (Self::Text(part), Way::Ahead) => return text.strip_prefix(&**part),
            (Self::Text(part), Way::Back) => return text.strip_suffix(&**part),
            (Self::Repeated(set, min, max), _) => (set, *min, *max),
        };
        let mut chars = text.chars();
        for taken in 0..max {
            let rest = chars.as_str();
            if !way.next(&mut chars).is_some_and(|c| set.has(c)) {
                return (taken >= min).then_some(rest);
            }
        }
        Some(chars.as_str())
    }
}

#[cfg(test)]
mod tests;
