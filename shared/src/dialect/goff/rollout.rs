//! A progressive rollout: the share of subjects that gets the new variation grows with the time.

use crate::bucketing::Bucketing;
use crate::context::Attribute;
use crate::dialect::method::Method;
use crate::dialect::{ForeignTest, Source, View};
use crate::dialect::{Unfit, unfit};
use crate::evaluation::Failure;
use crate::truth::Truth;
use crate::value::Value;

/// Numbers that subjects are spread over: a thousand for each percent.
const SCALE: u64 = 100_000;

/// Who gets the last variation of a progressive rollout.
#[derive(Debug)]
pub(super) struct Rollout {
    bucketing: Bucketing,
    /// Seconds since 1970.
    start: i64,
    end: i64,
    /// Of [`SCALE`].
    initial: f64,
    last: f64,
}

impl Rollout {
    /// The rollout that is written: `flag`, `start` and `end` in seconds since 1970, `initial` and
    /// `last` in percent; the attribute is what subjects are told apart by.
    pub(super) fn new(source: &Source) -> Result<Self, Unfit> {
        let member = |name: &str| source.value.member(name);
        let number = |name: &str| {
            let number = member(name).and_then(Value::as_f64);
            number.ok_or_else(|| unfit!("a progressive rollout needs the number \"{name}\""))
        };
        let flag = member("flag").and_then(Value::as_str);
        let flag = flag.ok_or("a progressive rollout names its \"flag\"")?;
        let mut bucketing = Bucketing::by_targeting_key(flag);
        bucketing.method = Method::GoFeatureFlag;
        bucketing.scale = SCALE;
        let by = source.attribute.clone();
        bucketing.by = [by.unwrap_or_else(Attribute::targeting_key)].into();
        let (start, end) = (number("start")? as i64, number("end")? as i64);
        if end <= start {
            return Err("a progressive rollout ends after its start".into());
        }
        Ok(Self {
            bucketing,
            start,
            end,
            initial: number("initial")? * 1_000.0,
            last: number("last")? * 1_000.0,
        })
    }

    /// Numbers below this one get the last variation.
    ///
    /// # Formula
    /// `initial + (at - start) * (last - initial) / (end - start)` in whole seconds, cut off.
    fn reached(&self, second: i64) -> u64 {
        let reached = if second < self.start {
            0.0
        } else if second >= self.end {
            self.last
        } else {
            let per_second = (self.last - self.initial) / (self.end - self.start) as f64;
            (second - self.start) as f64 * per_second + self.initial
        };
        reached as u64
    }
}

impl ForeignTest for Rollout {
    fn holds(&self, view: &View<'_>) -> Result<Truth, Box<Failure>> {
        let Ok(bucket) = self.bucketing.bucket(view.context, view.draw) else {
            return Ok(Truth::No);
        };
        let second = view.at.0.div_euclid(1_000);
        Ok((bucket.index() < self.reached(second)).into())
    }
}
