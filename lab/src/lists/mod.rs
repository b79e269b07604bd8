//! Ranked lists: what showing them gives away in simulations, and what another policy's lists would
//! have earned by a log of one policy's.
//!
//! A reader starts at the top and takes the first action that attracts (Craswell, Zoeter, Taylor
//! and Ramsey 2008). What stands below it was not seen, and says nothing.

mod logged;
mod trial;

pub use logged::{InvalidList, ListEstimator, ListLog, ListModel, LoggedList, LoggedPosition};
pub use trial::ListTrial;
