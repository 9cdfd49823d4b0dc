"""remtrack: dated lesion measurements in, response and remission by the published criteria out."""

from __future__ import annotations

__version__ = "0.1.0"
__all__ = ["Course", "History", "__version__", "assess"]

TYPE_CHECKING = False  # what type checkers look for; importing typing for it would cost `--version` a fifth
if TYPE_CHECKING:
    from .fold import assess
    from .model import History
    from .verdict import Course


def __getattr__(name: str) -> object:
    """Load the public names when they are first asked for, so that `--version` costs nothing."""
    from importlib import import_module

    home = {"assess": "fold", "History": "model", "Course": "verdict"}.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
