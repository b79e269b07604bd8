//! Symmetric matrices, as the rows of their upper triangle, and the few operations learners need.
//!
//! Half the numbers are half the time and half a snapshot. Sums run over four lanes in a fixed
//! order, so that compilers may use vector instructions and every platform gives the same bits.

use super::state::Walk;

/// A symmetric matrix: row `i` holds the diagonal and what is right of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Triangle {
    n: usize,
    values: Box<[f64]>,
}

impl Triangle {
    /// How many numbers a matrix of `n` rows keeps.
    pub(crate) const fn n_values(n: usize) -> usize {
        n * (n + 1) / 2
    }

    /// The matrix with this diagonal and zeros beside it.
    pub(crate) fn diagonal(diagonal: &[f64]) -> Self {
        let n = diagonal.len();
        let mut values = Vec::with_capacity(Self::n_values(n));
        for (i, value) in diagonal.iter().enumerate() {
            values.push(*value);
            values.resize(values.len() + n - i - 1, 0.0);
        }
        Self {
            n,
            values: values.into(),
        }
    }

    /// The matrix of these rows; `None` where they are not as many numbers as it keeps.
    pub(crate) fn of_rows(n: usize, values: Vec<f64>) -> Option<Self> {
        (values.len() == Self::n_values(n)).then(|| Self {
            n,
            values: values.into(),
        })
    }

    pub(crate) fn walk(&mut self, walk: &mut impl Walk) {
        walk.numbers(&mut self.values);
    }

    /// Adds to every number of the diagonal.
    pub(crate) fn add_to_diagonal(&mut self, ridge: f64) {
        let mut rest = &mut *self.values;
        for i in 0..self.n {
            let Some((row, below)) = rest.split_at_mut_checked(self.n - i) else {
                return;
            };
            if let Some(diagonal) = row.first_mut() {
                *diagonal += ridge;
            }
            rest = below;
        }
    }

    /// The `x` with `self x = b`, by Cholesky's factor, and how badly the matrix is conditioned:
    /// the square of the greatest pivot's ratio to the least, which the condition number exceeds.
    ///
    /// # Returns
    /// `None` where the matrix is not positive definite to working precision.
    pub(crate) fn solved(&self, b: &[f64]) -> Option<(Vec<f64>, f64)> {
        let lower = self.factor()?;
        let mut x = b.to_vec();
        lower.solve(&mut x)?;
        let Factor(lower) = &lower;
        let pivots = lower.iter().filter_map(|row| row.last().copied());
        let (least, greatest) = pivots.fold((f64::INFINITY, 0.0), |(least, greatest), pivot| {
            (f64::min(least, pivot), f64::max(greatest, pivot))
        });
        let ratio = greatest / least;
        Some((x, ratio * ratio))
    }

    /// The rows of the upper triangle, one after the other.
    pub(crate) fn values(&self) -> &[f64] {
        &self.values
    }

    fn rows(&self) -> impl Iterator<Item = &[f64]> {
        let mut rest = &*self.values;
        (0..self.n).map_while(move |i| {
            let (row, below) = rest.split_at_checked(self.n - i)?;
            rest = below;
            Some(row)
        })
    }

    /// `out = self x`, both of length `n`.
    pub(crate) fn multiply(&self, x: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        let (mut x, mut out) = (x, out);
        for row in self.rows() {
            let (Some((x0, x_tail)), Some((out0, out_tail)), Some((diagonal, beside))) =
                (x.split_first(), out.split_first_mut(), row.split_first())
            else {
                return;
            };
            *out0 += diagonal * x0 + dot(beside, x_tail);
            add_scaled(out_tail, beside, *x0);
            (x, out) = (x_tail, out_tail);
        }
    }

    /// `x' self x`.
    pub(crate) fn quadratic_form(&self, x: &[f64]) -> f64 {
        let mut x = x;
        let mut sum = 0.0;
        for row in self.rows() {
            let (Some((x0, x_tail)), Some((diagonal, beside))) =
                (x.split_first(), row.split_first())
            else {
                return sum;
            };
            sum += x0 * (diagonal * x0 + 2.0 * dot(beside, x_tail));
            x = x_tail;
        }
        sum
    }

    /// `self += factor x x'`.
    pub(crate) fn add_outer(&mut self, x: &[f64], factor: f64) {
        let mut rest = &mut *self.values;
        let mut x = x;
        while let Some((x0, x_tail)) = x.split_first() {
            let Some((row, below)) = rest.split_at_mut_checked(x.len()) else {
                return;
            };
            add_scaled(row, x, factor * x0);
            (rest, x) = (below, x_tail);
        }
    }

    /// `self += other - less`, element by element: how what shards learned is put together.
    pub(crate) fn add_difference(&mut self, other: &Self, less: &Self) {
        let pairs = other.values.iter().zip(&less.values);
        for (value, (other, less)) in self.values.iter_mut().zip(pairs) {
            *value += other - less;
        }
    }

    /// The inverse, by Cholesky's factor.
    ///
    /// # Returns
    /// `None` where the matrix is not positive definite to working precision.
    pub(crate) fn inverse(&self) -> Option<Self> {
        let lower = self.factor()?;
        let mut values = Vec::with_capacity(self.values.len());
        for i in 0..self.n {
            let mut column = vec![0.0; self.n];
            *column.get_mut(i)? = 1.0;
            lower.solve(&mut column)?;
            values.extend_from_slice(column.get(i..)?);
        }
        Some(Self {
            n: self.n,
            values: values.into(),
        })
    }

    /// The lower `L` with `L L' = self`.
    ///
    /// # Returns
    /// `None` where the matrix is not positive definite to working precision.
    pub(crate) fn factor(&self) -> Option<Factor> {
        let mut lower: Vec<Vec<f64>> = Vec::with_capacity(self.n);
        for i in 0..self.n {
            let mut row = Vec::with_capacity(i + 1);
            let column = self.rows().take(i + 1).enumerate();
            let mut above: Vec<f64> = column
                .filter_map(|(k, values)| values.get(i - k).copied())
                .collect();
            let diagonal = above.pop()?;
            for (value, other) in above.iter().zip(&lower) {
                let (pivot, head) = other.split_last()?;
                row.push((value - dot(&row, head)) / pivot);
            }
            let left = diagonal - dot(&row, &row);
            if left.is_nan() || left <= diagonal.abs() * f64::EPSILON {
                return None;
            }
            row.push(libm::sqrt(left));
            lower.push(row);
        }
        Some(Factor(lower))
    }
}

/// Cholesky's factor of a matrix, a lower `L` by its rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Factor(Vec<Vec<f64>>);

impl Factor {
    /// Solves `L L' x = b` in place; `None` for a `b` of another length.
    pub(crate) fn solve(&self, b: &mut [f64]) -> Option<()> {
        let Self(lower) = self;
        for (i, row) in lower.iter().enumerate() {
            let (pivot, head) = row.split_last()?;
            let known = dot(head, b.get(..i)?);
            let value = b.get_mut(i)?;
            *value = (*value - known) / pivot;
        }
        for row in lower.iter().rev() {
            let (pivot, head) = row.split_last()?;
            let (value, before) = b.get_mut(..row.len())?.split_last_mut()?;
            *value /= pivot;
            add_scaled(before, head, -*value);
        }
        Some(())
    }
}

/// `sum a_i b_i`, over four lanes and then the rest.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a4, a_rest) = a.as_chunks::<4>();
    let (b4, b_rest) = b.as_chunks::<4>();
    let mut lanes = [0.0; 4];
    for (a, b) in a4.iter().zip(b4) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += a * b;
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    let [first, second, third, fourth] = lanes;
    (first + third) + (second + fourth) + rest
}

/// `a += factor b`.
fn add_scaled(a: &mut [f64], b: &[f64], factor: f64) {
    for (a, b) in a.iter_mut().zip(b) {
        *a += factor * b;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `[[4, 1, 0], [1, 3, 1], [0, 1, 2]]`, whose determinant is 18.
    fn example() -> Triangle {
        let mut example = Triangle::diagonal(&[3.0, 1.0, 1.0]);
        example.add_outer(&[1.0, 1.0, 0.0], 1.0);
        example.add_outer(&[0.0, 1.0, 1.0], 1.0);
        example
    }

    #[test]
    fn multiplies_as_on_paper() {
        let mut out = [9.0; 3];
        example().multiply(&[1.0, 2.0, 3.0], &mut out);
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-14, "{a} {b}");
        for (found, expected) in out.into_iter().zip([6.0, 10.0, 8.0]) {
            close(found, expected);
        }
        close(
            example().quadratic_form(&[1.0, 2.0, 3.0]),
            6.0 + 20.0 + 24.0,
        );
    }

    #[test]
    fn inverts_as_on_paper() {
        let inverse = example().inverse().unwrap();
        let expected = [5.0, -2.0, 1.0, 8.0, -4.0, 11.0].map(|cofactor| cofactor / 18.0);
        for (found, expected) in inverse.values.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-15, "{found} {expected}");
        }
    }

    #[test]
    fn solves_as_on_paper() {
        let (x, condition) = example().solved(&[6.0, 10.0, 8.0]).unwrap();
        for (found, expected) in x.into_iter().zip([1.0, 2.0, 3.0]) {
            assert!((found - expected).abs() < 1e-14, "{found} {expected}");
        }
        // Pivots squared: 4, 3 - 1/4, 2 - 1 / (3 - 1/4).
        assert!(
            (condition - 4.0 / (2.0 - 4.0 / 11.0)).abs() < 1e-12,
            "{condition}"
        );
        let mut raised = Triangle::of_rows(2, vec![0.0; 3]).unwrap();
        raised.add_to_diagonal(2.0);
        assert_eq!(raised, Triangle::diagonal(&[2.0; 2]));
        assert_eq!(Triangle::of_rows(2, vec![0.0; 4]), None);
    }

    #[test]
    fn refuses_what_is_not_positive_definite() {
        assert_eq!(Triangle::diagonal(&[1.0, 0.0]).inverse(), None);
        assert_eq!(Triangle::diagonal(&[1.0, f64::NAN]).inverse(), None);
        let mut singular = Triangle::diagonal(&[0.0; 2]);
        singular.add_outer(&[1.0, 1.0], 1.0);
        assert_eq!(singular.inverse(), None);
    }

    #[test]
    fn sums_of_any_length_are_whole() {
        for n in 0..11 {
            let numbers: Vec<f64> = (1..=n).map(f64::from).collect();
            let expected = f64::from(n * (n + 1) * (2 * n + 1) / 6);
            assert!((dot(&numbers, &numbers) - expected).abs() < 1e-9);
        }
    }
}
