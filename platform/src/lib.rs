//! Glue that both Workers need; no logic.
