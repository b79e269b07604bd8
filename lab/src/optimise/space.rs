//! What may be tried: named parameters within bounds, and linear limits on their combinations.
//!
//! Models see a point as coordinates in the unit cube; people see values in their own units. Only
//! this module turns one into the other.

use std::fmt;

/// Parameters of one space at most.
pub const N_PARAMETERS_MAX: usize = 20;
/// Constraints of one space at most.
pub const N_CONSTRAINTS_MAX: usize = 20;
/// Rounding errors of a constraint's sum that are forgiven, relative to its terms.
const SLACK: f64 = 1e-9;

/// How steps along a parameter are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences are equal steps.
    Linear,
    /// Equal ratios are equal steps; both bounds are positive.
    Log,
}

/// Which numbers between its bounds a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// All of them.
    Real,
    /// Whole ones.
    Integer,
}

/// One thing that can be set.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name; once in a space.
    pub key: String,
    /// Smallest value, included.
    pub low: f64,
    /// Largest value, included.
    pub high: f64,
    /// How steps are measured.
    pub scale: Scale,
    /// Which numbers it takes.
    pub kind: Kind,
}

/// `sum of coefficient * value <= bound`, in the parameters' own units.
#[derive(Debug, Clone, PartialEq)]
pub struct Constraint {
    /// One for each parameter of the space, in its order.
    pub coefficients: Vec<f64>,
    /// What the sum may reach.
    pub bound: f64,
}

/// Everything that may be tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Space {
    parameters: Vec<Parameter>,
    constraints: Vec<Constraint>,
}

/// Why these parameters make no space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvalidSpace {
    /// There is none, or more than `N_PARAMETERS_MAX`.
    ParameterCount(usize),
    /// There are more than `N_CONSTRAINTS_MAX`.
    ConstraintCount(usize),
    /// Two parameters have this key.
    Twice(String),
    /// The parameter's bounds are no finite numbers, or the low one is not below the high one.
    Bounds(String),
    /// The parameter has a logarithmic scale and a bound that is not positive.
    LogBounds(String),
    /// The parameter takes whole numbers and has a bound that is none.
    IntegerBounds(String),
    /// The constraint at this place has another number of coefficients than there are parameters,
    /// or a number in it that is not finite.
    Constraint(usize),
}

impl fmt::Display for InvalidSpace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ParameterCount(n) => {
                write!(f, "a space has 1 to {N_PARAMETERS_MAX} parameters, not {n}")
            }
            Self::ConstraintCount(n) => {
                write!(
                    f,
                    "a space has at most {N_CONSTRAINTS_MAX} constraints, not {n}"
                )
            }
            Self::Twice(key) => write!(f, "parameter {key:?} is there twice; rename one"),
            Self::Bounds(key) => {
                write!(
                    f,
                    "parameter {key:?}: low and high are finite, low below high"
                )
            }
            Self::LogBounds(key) => {
                write!(f, "parameter {key:?}: bounds of a log scale are above 0")
            }
            Self::IntegerBounds(key) => {
                write!(
                    f,
                    "parameter {key:?}: bounds of an integer are whole numbers"
                )
            }
            Self::Constraint(at) => write!(
                f,
                "constraint {at}: one finite coefficient for each parameter and a finite bound"
            ),
        }
    }
}

impl std::error::Error for InvalidSpace {}

/// Why a point does not lie in a space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvalidPoint {
    /// It has this many values instead of one for each parameter.
    Length(usize),
    /// The value of this parameter lies outside its bounds, or is no whole number where it must be.
    Value(String),
    /// It breaks the constraint at this place.
    Constraint(usize),
}

impl fmt::Display for InvalidPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(n) => write!(f, "{n} values, and not one for each parameter"),
            Self::Value(key) => write!(f, "the value of {key:?} is outside of what it may take"),
            Self::Constraint(at) => write!(f, "constraint {at} does not hold"),
        }
    }
}

impl std::error::Error for InvalidPoint {}

impl Parameter {
    fn check(&self) -> Result<(), InvalidSpace> {
        let key = || self.key.clone();
        if !(self.low.is_finite() && self.high.is_finite() && self.low < self.high) {
            return Err(InvalidSpace::Bounds(key()));
        }
        if self.scale == Scale::Log && self.low <= 0.0 {
            return Err(InvalidSpace::LogBounds(key()));
        }
        let whole = |bound: f64| bound.fract().abs() == 0.0;
        if self.kind == Kind::Integer && !(whole(self.low) && whole(self.high)) {
            return Err(InvalidSpace::IntegerBounds(key()));
        }
        Ok(())
    }

    /// The value at a coordinate; coordinates outside [0, 1] count as the nearest bound.
    fn value(&self, coordinate: f64) -> f64 {
        let share = coordinate.clamp(0.0, 1.0);
        let value = match self.scale {
            Scale::Linear => self.low + share * (self.high - self.low),
            Scale::Log => {
                let (low, high) = (libm::log(self.low), libm::log(self.high));
                libm::exp(low + share * (high - low))
            }
        };
        let value = match self.kind {
            Kind::Real => value,
            Kind::Integer => libm::round(value),
        };
        value.clamp(self.low, self.high)
    }

    fn coordinate(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log => {
                let low = libm::log(self.low);
                (libm::log(value) - low) / (libm::log(self.high) - low)
            }
        }
    }

    fn takes(&self, value: f64) -> bool {
        let whole = self.kind == Kind::Real || value.fract().abs() == 0.0;
        whole && (self.low..=self.high).contains(&value)
    }
}

impl Constraint {
    fn holds(&self, point: &[f64]) -> bool {
        let terms = || self.coefficients.iter().zip(point).map(|(a, x)| a * x);
        let size: f64 = terms().map(f64::abs).sum::<f64>() + self.bound.abs();
        terms().sum::<f64>() <= self.bound + SLACK * size
    }
}

impl Space {
    /// A space of these parameters, of which every constraint holds.
    ///
    /// # Errors
    /// `InvalidSpace` names the first parameter or constraint that is wrong.
    pub fn new(
        parameters: Vec<Parameter>,
        constraints: Vec<Constraint>,
    ) -> Result<Self, InvalidSpace> {
        if parameters.is_empty() || parameters.len() > N_PARAMETERS_MAX {
            return Err(InvalidSpace::ParameterCount(parameters.len()));
        }
        if constraints.len() > N_CONSTRAINTS_MAX {
            return Err(InvalidSpace::ConstraintCount(constraints.len()));
        }
        for (at, parameter) in parameters.iter().enumerate() {
            parameter.check()?;
            if parameters
                .iter()
                .take(at)
                .any(|other| other.key == parameter.key)
            {
                return Err(InvalidSpace::Twice(parameter.key.clone()));
            }
        }
        for (at, constraint) in constraints.iter().enumerate() {
            let finite = constraint.coefficients.iter().all(|a| a.is_finite());
            let whole = constraint.coefficients.len() == parameters.len();
            if !(finite && whole && constraint.bound.is_finite()) {
                return Err(InvalidSpace::Constraint(at));
            }
        }
        Ok(Self {
            parameters,
            constraints,
        })
    }

    /// The parameters, in the order of a point's values.
    #[must_use]
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// How many parameters there are.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.parameters.len()
    }

    /// Whether the point may be tried.
    ///
    /// # Errors
    /// `InvalidPoint` names what is wrong with it.
    pub fn check(&self, point: &[f64]) -> Result<(), InvalidPoint> {
        if point.len() != self.parameters.len() {
            return Err(InvalidPoint::Length(point.len()));
        }
        for (parameter, &value) in self.parameters.iter().zip(point) {
            if !parameter.takes(value) {
                return Err(InvalidPoint::Value(parameter.key.clone()));
            }
        }
        match self
            .constraints
            .iter()
            .position(|constraint| !constraint.holds(point))
        {
            Some(at) => Err(InvalidPoint::Constraint(at)),
            None => Ok(()),
        }
    }

    /// The values at these coordinates, whole where they must be.
    pub(super) fn point(&self, coordinates: &[f64]) -> Vec<f64> {
        let pairs = self.parameters.iter().zip(coordinates);
        pairs
            .map(|(parameter, &coordinate)| parameter.value(coordinate))
            .collect()
    }

    /// Where a point lies in the unit cube.
    pub(super) fn coordinates(&self, point: &[f64]) -> Vec<f64> {
        let pairs = self.parameters.iter().zip(point);
        pairs
            .map(|(parameter, &value)| parameter.coordinate(value))
            .collect()
    }

    /// The coordinates of the nearest point that may be tried by its values alone; `None` where a
    /// constraint does not hold there.
    pub(super) fn settle(&self, coordinates: &[f64]) -> Option<Vec<f64>> {
        let point = self.point(coordinates);
        let allowed = self
            .constraints
            .iter()
            .all(|constraint| constraint.holds(&point));
        allowed.then(|| self.coordinates(&point))
    }
}
