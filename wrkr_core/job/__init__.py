"""The rules of a job: what state it is in, what may happen next, and what follows."""
