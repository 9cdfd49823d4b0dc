"""
The published standards, one file each, by id.

This module is only the table of ids, so that reading stored answers loads no family.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .base import Family


class Entry(NamedTuple):
    """Where a family lives and what a screen needs to name it; a changed `revision` makes stored answers stale."""

    module: str
    revision: int
    title: str
    word: str  # response | remission
    measure: str  # what its timeline draws
    unit: str


FAMILIES: dict[str, Entry] = {
    "recist-1.1": Entry("recist", 1, "RECIST 1.1", "response", "sum of diameters", "mm"),
    "lugano-2014": Entry("lugano", 1, "Lugano 2014", "response", "sum of products", "mm²"),
    "irecist": Entry("irecist", 1, "iRECIST", "response", "sum of diameters", "mm"),
    "mrecist-hcc": Entry("mrecist", 1, "mRECIST for HCC", "response", "sum of viable diameters", "mm"),
    "rano-2.0": Entry("rano", 1, "RANO 2.0", "response", "sum of products", "mm²"),
    "blood-aml-eln-2022": Entry("aml", 1, "AML, ELN 2022", "remission", "marrow blasts", "%"),
    "blood-all": Entry("blood_all", 1, "ALL, NCCN and ELN", "remission", "marrow blasts", "%"),
    "blood-cml-eln-2020": Entry("cml", 1, "CML, ELN 2020", "response", "BCR::ABL1", "% IS"),
    "blood-cll-iwcll-2018": Entry("cll", 1, "CLL, iwCLL 2018", "remission", "sum of products of nodes", "mm²"),
    "myeloma-imwg-2016": Entry("myeloma", 1, "Myeloma, IMWG 2016", "response", "M-protein or light chains", ""),
    "markers": Entry("markers", 1, "CA-125 (GCIG 2011), PSA (PCWG3 2016)", "response", "marker in blood", ""),
}
DEFAULT = "recist-1.1"


def load_family(criteria: str) -> Family:
    """
    Return the family of that id.

    Raises UsageError naming the nearest known id when there is none.
    """
    from importlib import import_module

    if criteria not in FAMILIES:
        from difflib import get_close_matches

        from ..errors import UsageError

        near = get_close_matches(criteria.lower(), FAMILIES, 1, 0.4) or [DEFAULT]
        raise UsageError(
            f'no criteria family "{criteria}"',
            f"known: {', '.join(FAMILIES)}",
            f"remtrack criteria show {near[0]}",
        )
    family: Family = import_module(f".{FAMILIES[criteria].module}", __name__).FAMILY
    return family
