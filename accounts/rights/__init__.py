"""A person's rights over their data: what is held, a copy of it, its erasure."""
