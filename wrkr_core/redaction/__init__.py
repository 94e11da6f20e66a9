"""Keeping secrets out of what is recorded: what masks them, where, and what is refused for them."""
