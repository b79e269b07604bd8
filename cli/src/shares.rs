//! How often the best action was chosen, over the course of a run.

/// Share of decisions that a new best action must have.
const RECOVERED: f64 = 0.8;
const TENTHS: usize = 10;

/// Decisions for the best action in each part of runs of one length.
#[derive(Debug, Clone)]
pub(crate) struct BestShares {
    n_decisions: u32,
    n_runs: u32,
    best: Vec<u32>,
}

impl BestShares {
    /// Of runs of so many decisions.
    pub(crate) fn of(n_decisions: u32) -> Self {
        Self {
            n_decisions,
            n_runs: 0,
            best: Vec::new(),
        }
    }

    /// Takes in a run: how many decisions of each part were for the best action.
    pub(crate) fn add(&mut self, run: &[u32]) {
        self.n_runs += 1;
        self.best.resize(run.len(), 0);
        for (sum, n_best) in self.best.iter_mut().zip(run) {
            *sum += n_best;
        }
    }

    /// The first decision of a part.
    fn start(&self, part: usize) -> u64 {
        let n_parts = self.best.len().max(1) as u64;
        (part as u64 * u64::from(self.n_decisions)).div_ceil(n_parts)
    }

    /// The share of the best action from one part to before another.
    fn share(&self, from: usize, to: usize) -> f64 {
        let n = (self.start(to) - self.start(from)) * u64::from(self.n_runs);
        let of = self.best.get(from..to).unwrap_or_default();
        let n_best: u64 = of.iter().map(|n| u64::from(*n)).sum();
        n_best as f64 / n.max(1) as f64
    }

    /// The share of the best action in each tenth of a run.
    pub(crate) fn tenths(&self) -> Vec<f64> {
        let part = |tenth: usize| tenth * self.best.len() / TENTHS;
        let tenths = 0..TENTHS;
        tenths
            .map(|tenth| self.share(part(tenth), part(tenth + 1)))
            .collect()
    }

    /// Decisions after `from` until the first part of a run, begun since, in which the best action
    /// had 80 %; that part included.
    pub(crate) fn recovered_after(&self, from: u32) -> Option<u32> {
        let parts = 0..self.best.len();
        let mut since = parts.filter(|part| self.start(*part) >= u64::from(from));
        let recovered = since.find(|part| self.share(*part, part + 1) >= RECOVERED)?;
        Some((self.start(recovered + 1) - u64::from(from)) as u32)
    }
}

/// The same in words.
pub(crate) fn recovery(after: Option<u32>) -> String {
    match after {
        Some(n) => format!("the new best action had 80 % within {n} decisions"),
        None => "the new best action never had 80 %".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_counted_from_the_change_on() {
        let mut shares = BestShares::of(200);
        // Of 100 parts of two decisions each.
        let run = |from: usize| (0..100).map(move |part| if part < from { 0 } else { 2 });
        shares.add(&run(50).collect::<Vec<_>>());
        shares.add(&run(60).collect::<Vec<_>>());
        assert_eq!(shares.tenths()[4..7], [0.0, 0.5, 1.0]);
        assert_eq!(shares.recovered_after(100), Some(22));
        assert_eq!(shares.recovered_after(0), Some(122));
        assert_eq!(shares.recovered_after(199), None);
    }
}
