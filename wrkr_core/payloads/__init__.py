"""Content that is recorded only sealed, under a key of the job's own that can be erased."""
