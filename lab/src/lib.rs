//! Statistics and learning at the origin; pure.
