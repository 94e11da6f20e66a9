"""Working on a job: holding its lease, and running its steps so that none is lost or repeated."""
