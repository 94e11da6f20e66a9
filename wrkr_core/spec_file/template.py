"""The spec that ``wrkr init`` writes: a small job that runs as it is, with every key explained."""

from __future__ import annotations

from typing import Final

TEMPLATE: Final = """\
# A job for wrkr. Try it as it is: `wrkr run job.yaml`. Only `name`, and one of `steps`, `command`
# and `python`, must be there. TOML and JSON work too; a key that is not known is an error.

name: count-files            # job ids begin with it; a-z 0-9 . _ -
objective: List the files of this folder, and publish the list once a person agrees.

inputs:                      # anything; it is recorded with the job and handed to python functions
  workspace: .               # where commands run, and where artifacts are looked for
  references: [README.md]    # what the work is based on

budget:                      # what is reached stops the job until someone raises it
  wall: 10m                  # running time; waiting for people does not count. Or whole seconds
  steps: 10
  retries: 3                 # of all steps together
  tool_calls: 200            # these are charged by the job's own code:
  tokens: 100000
  cost: "5.00"               # US dollars, in quotes; a float could not hold every amount
  files_read: 1000           # a meter of your own

checkpoints:
  min_interval: 30s          # record progress after a step, but no more often than this
  required: [progress]       # must be recorded before the job may complete:
                             # plan, progress, decision-needed, blocked, completed

erasable: false              # true seals what the job holds, so that `wrkr job erase` can end it

environment:                 # what must be the same when the job is resumed elsewhere
  - os
  - arch
  - python
  - command:sh               # also: cwd, hostname, env:NAME, file:PATH, git:HEAD

secrets: [BUILD_LICENSE]     # variables whose values are masked in all that is recorded; those with
                             # TOKEN, SECRET, PASSW, KEY, CREDENTIAL or AUTH in the name always are

steps:                       # one after the other; what has finished is never run again
  - id: list
    run: mkdir -p out && ls -1 > out/files.txt       # a text is a line for the shell
    artifacts: ["out/*.txt"] # recorded with their digests when the step has finished
    timeout: 90s             # or whole seconds; leave it out for no limit but budget.wall
    retries: 2               # how often the step may be tried again after it failed

  - id: count
    run: [sh, -c, 'echo "$LABEL $(wc -l < files.txt)" > count.txt'] # a list starts a program
    cwd: out                 # inside the workspace
    env:                     # added to the environment; values are text
      LABEL: "files:"
    artifacts: [out/count.txt]

  - id: publish
    gate: Publish the list?  # asked before the step runs; `wrkr approve` lets it go on
    at_most_once: true       # after a crash, ask a person instead of running it again
    run: cp out/files.txt out/published.txt

# Instead of steps, one command (a list, a shell line, or a mapping of run, cwd, env and timeout):
# command: [my-agent, --task, "Tidy up"]
# or a Python function, which gets the job:
# python: "my_module:my_function"

expected_artifacts:          # globs; each must match a file before the job completes
  - out/published.txt

acceptance:                  # commands that must exit with 0 before the job completes
  checks:
    - name: not-empty
      run: test -s out/published.txt
      timeout: 10s           # a check may also have cwd and env
"""
"""A commented spec that reads, validates against the schema, and runs where there is a shell."""
