"""
The published standards, one file each, by id.

This module is only the table of ids, so that reading stored answers loads no family. Families of other
packages are asked for by `installed`, and only for an id that is not in the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from .base import Family


class Entry(NamedTuple):
    """
    Where a family lives and what a screen needs to name it; a changed `revision` makes stored answers stale.

    `module` is the file beside this one, or the package that a family of others comes with. `scale` is how the
    timeline draws: linear, or log for what falls by powers of ten.
    """

    module: str
    revision: int
    title: str
    word: str  # response | remission
    measure: str  # what its timeline draws
    unit: str
    scale: str = "linear"


class Families(dict[str, Entry]):
    """
    The families by id: listing it gives those of this package alone.

    Asked for an id that is not among them (`in`, `get`, `[]`), it looks among the installed packages, too, so
    that nobody who asks needs to know where a family comes from. No start is the slower for it: a record whose
    families are all of this package never gets that far.
    """

    def __contains__(self, criteria: object) -> bool:
        return super().__contains__(criteria) or _installed_entry(criteria) is not None

    def __missing__(self, criteria: str) -> Entry:
        entry = _installed_entry(criteria)
        if entry is None:
            raise KeyError(criteria)
        return entry

    def get(self, criteria: str, default: Any = None) -> Any:
        return super().get(criteria) or _installed_entry(criteria) or default


FAMILIES = Families(
    {
        "recist-1.1": Entry("recist", 2, "RECIST 1.1", "response", "sum of diameters", "mm"),
        "lugano-2014": Entry("lugano", 2, "Lugano 2014", "response", "sum of products", "mm²"),
        "irecist": Entry("irecist", 2, "iRECIST", "response", "sum of diameters", "mm"),
        "mrecist-hcc": Entry("mrecist", 2, "mRECIST for HCC", "response", "sum of viable diameters", "mm"),
        "rano-2.0": Entry("rano", 2, "RANO 2.0", "response", "sum of products", "mm²"),
        "blood-aml-eln-2022": Entry("aml", 2, "AML, ELN 2022", "remission", "marrow blasts", "%"),
        "blood-all": Entry("blood_all", 2, "ALL, NCCN and ELN", "remission", "marrow blasts", "%"),
        "blood-cml-eln-2020": Entry("cml", 2, "CML, ELN 2020", "response", "BCR::ABL1", "% IS", "log"),
        "blood-cll-iwcll-2018": Entry("cll", 2, "CLL, iwCLL 2018", "remission", "sum of products of nodes", "mm²"),
        "myeloma-imwg-2016": Entry("myeloma", 2, "Myeloma, IMWG 2016", "response", "M-protein or light chains", ""),
        "markers": Entry("markers", 2, "CA-125 (GCIG 2011), PSA (PCWG3 2016)", "response", "marker in blood", ""),
    }
)
DEFAULT = "recist-1.1"


def _installed_entry(criteria: object) -> Entry | None:
    """Return the entry of a family of another package; None when none has it, or it could not be taken."""
    from .installed import find

    found = find(criteria) if isinstance(criteria, str) else None
    return None if found is None or found.family is None else entry_of(found.family, found.package)


def entry_of(family: Family, package: str) -> Entry:
    """Return what a screen needs to name a family that has no row in the table."""
    return Entry(
        package, family.revision, family.title, family.word, family.measure or "value", family.unit, family.scale
    )


def load_family(criteria: str) -> Family:
    """
    Return the family of that id, of this package or of another one that is installed.

    Raises UsageError naming the nearest known id when there is none, and what is wrong with it when another
    package has one of that id that cannot be used.
    """
    from importlib import import_module

    if dict.__contains__(FAMILIES, criteria):
        family: Family = import_module(f".{FAMILIES[criteria].module}", __name__).FAMILY
        return family
    from ..errors import UsageError
    from .installed import find, names, was_told

    found = find(criteria)
    if found is not None and found.family is not None:
        return found.family
    if found is not None:
        was_told(found)
        raise UsageError(
            f'the criteria family "{criteria}" cannot be used',
            f"{found.package}: {found.trouble}",
            "remtrack criteria list",
        )
    known = [*FAMILIES, *names()]
    raise UsageError(
        f'no criteria family "{criteria}"',
        f"known: {', '.join(known)}",
        f"remtrack criteria show {nearest_family(criteria, known)}",
    )


def nearest_family(typed: str, known: list[str]) -> str:
    """Return the id that was probably meant: one that begins with what was typed or holds it, else the most alike."""
    from difflib import get_close_matches

    low = typed.casefold()
    begins = [name for name in known if low and name.casefold().startswith(low)]
    holds = [name for name in known if low and low in name.casefold()]
    return (begins or holds or get_close_matches(low, known, 1, 0.4) or [DEFAULT])[0]
