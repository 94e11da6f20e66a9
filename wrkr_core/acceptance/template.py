"""A file of acceptance rules to start from."""

from __future__ import annotations

from typing import Final

TEMPLATE: Final = """\
# What a job has to meet to be accepted: wrkr accept run JOB --config accept.yaml
# Besides what stands here, the job must be completed, no decision of it may be open, and its log must
# verify.

# Globs in the workspace; each must match a file. A file that the job recorded must have the content
# that was recorded.
artifacts: ["dist/*.txt"]

# Files that must have exactly this content, by SHA-256.
# contents:
#   LICENSE: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

# Commands that must end with exit code 0. run is a shell line or a list of arguments; cwd, env and
# timeout may stand beside it.
checks:
  - name: not-empty
    run: "test -s dist/report.txt"
    timeout: 10m
  # A check by code that is installed under this name, with what it asks for; it has 10m if nothing
  # is said.
  # - name: report-is-sound
  #   custom: json-schema
  #   with: {files: ["dist/*.json"], schema: schemas/report.json}
  #   timeout: 1m

# Globs over the files that the job recorded: each must match one of allowed, and none of forbidden.
paths:
  allowed: ["dist/**", "src/**"]
  forbidden: ["**/*.pem"]

# At most so much may have been spent; meters as in a job's budget.
budget:
  cost: "5"

# answered: no decision is open. approved: besides, none was refused.
decisions: answered
"""
"""A commented file to start from."""
