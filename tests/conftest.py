"""What every test shares: a fixed surrounding, the properties' profiles, and a way to run the program."""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

# No deadline: a slow machine is not a wrong answer. `make test` draws the same examples from the same
# code on every machine, so that a test never fails on a commit that did not cause it; looking for what
# nobody thought of is what `make torture` is for, with examples that are new each time.
settings.register_profile("test", deadline=None, max_examples=40, derandomize=True, database=None)
settings.register_profile(
    "torture", deadline=None, max_examples=2000, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("test")


class Told(NamedTuple):
    """What a run of the program gave back."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def _fixed_surrounding(tmp_path_factory, monkeypatch):
    """No test sees the record, the name, the clock's day or the terminal of whoever runs it."""
    for name in [name for name in os.environ if name.startswith("REMTRACK_")]:
        monkeypatch.delenv(name)
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE", "LINES"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path_factory.getbasetemp() / "home"
    home.mkdir(exist_ok=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("LOGNAME", "tester")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("REMTRACK_TODAY", "2026-11-02")


@pytest.fixture
def record_path(tmp_path):
    """Where a record may be made; nothing is there yet."""
    return tmp_path / "record.db"


@pytest.fixture
def remtrack(record_path):
    """Run `remtrack WORD ...` as its own process, REMTRACK_DB the record, and return what it told."""

    def run(*words, stdin="", env=None):
        done = subprocess.run(
            [sys.executable, "-m", "remtrack", *map(str, words)],
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "PYTHONUTF8": "1",
                "REMTRACK_DB": str(record_path),
                **(env or {}),
            },
            check=False,
        )
        return Told(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def typed(record_path, capsys):
    """Run a line as typed, inside this process: `typed("status P01")`."""
    from inside import runner

    return runner(record_path, capsys)
