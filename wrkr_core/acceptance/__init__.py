"""Acceptance of a job after the fact: rules that somebody else wrote, and how the job meets them."""
