"""The demo: invented patients in a record that is thrown away."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

from ..errors import UsageError

#: The folders of the sample data that it shows.
FOLDERS = ("demo", "stories")
#: The day on which the demo is looked at, so that it tells the same story for ever.
DEMO_DAY = date(2026, 11, 2)


def sample_folder(name: str) -> Path:
    """Return a folder of the sample data: inside the installed package, or beside it in a checkout."""
    here = Path(__file__).resolve().parent.parent
    for place in (here / "sample_data" / name, here.parent / "sample_data" / name):
        if place.is_dir():
            return place
    raise UsageError(f"the sample data ({name}) are not installed", str(here), "pip install --force-reinstall remtrack")


def make_demo(who: str) -> Path:
    """Import the invented patients into a new record in a temporary folder of its own; returns its path."""
    from .importing import Request, import_tables

    path = Path(tempfile.mkdtemp(prefix="remtrack-demo-")) / "demo.db"
    for folder in FOLDERS:
        import_tables(path, Request(source=str(sample_folder(folder)), today=DEMO_DAY), who)
    return path
