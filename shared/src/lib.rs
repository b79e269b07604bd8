//! Flag evaluation, bucketing, bandit policies and wire formats; pure.
