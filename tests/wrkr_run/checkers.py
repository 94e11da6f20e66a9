"""Custom checks as packages would offer them, put where Python looks for what is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

SOURCE = """
import os, sys, time
from pathlib import Path

def says(job):
    print("looked at", job.job_id, [each.path for each in job.artifacts], dict(job.settings))
    return list(job.settings.get("problems", []))

def knows(job):
    assert Path.cwd() == job.workspace and (job.workspace / "here.txt").exists()
    return [f"{job.job_id} {job.status} {job.summary} {sorted(job.spent)} {os.environ['WRKR_STEP']}"]

def nothing(job): pass
def number(job): return 7
def text(job): return "all is well"
def mixed(job): return ["bad", 7]
def raises(job): raise ValueError("no\\nsuch thing")
def leaves(job): os._exit(0)
def exits(job): sys.exit("had enough")
def dies(job): os.kill(os.getpid(), 9)
def many(job): return [f"problem {n} " + "x" * 1000 for n in range(3000)]
def odd(job): return ["half \\ud800 of it"]
def tells(job): return [os.environ["DEPLOY_TOKEN"]]
def floods(job):
    for _ in range(100): print("y" * 100_000)
    return []
def forges(job):
    answer = Path(sys.argv[2])
    answer.write_text("[1")
    os._exit(0)
def hangs(job):
    if os.fork() == 0:
        Path("child").write_text(str(os.getpid()))
    while True: time.sleep(60)
"""
NAMES = [
    line.split("(")[0].removeprefix("def ")
    for line in SOURCE.splitlines()
    if line.startswith("def ")
]


def install(
    folder: Path, monkeypatch: pytest.MonkeyPatch, module: str = "checks_of_ours", **more: str
) -> None:
    """Make the checks of ``SOURCE`` and ``more`` (name to ``module:function``) installed."""
    site = folder / f"site-{module}"
    info = site / f"{module}-1.0.dist-info"
    info.mkdir(parents=True)
    (site / f"{module}.py").write_text(SOURCE, "utf-8")
    points = {**{name: f"{module}:{name}" for name in NAMES}, **more}
    lines = [f"{name} = {value}" for name, value in points.items()]
    (info / "entry_points.txt").write_text("\n".join(["[wrkr.checks]", *lines]), "utf-8")
    (info / "METADATA").write_text(f"Name: {module}\nVersion: 1.0\n", "utf-8")
    monkeypatch.syspath_prepend(str(site))
