"""
PSA after radiotherapy of prostate cancer, by the Phoenix definition of biochemical failure.

Source: Roach 2006, Int J Radiat Oncol Biol Phys 65:965. A PSA of 2 ng/mL or more above the lowest one
before is failure, on the day of that sample; nothing is dated back.

Our reading, where the definition is silent:

- The lowest PSA is that of this line, its first visit included.
- One sample is enough; the definition asks for no second one.
- A PSA printed as a bound (<0.1) decides what it can decide; what it leaves open is named.
"""

from dataclasses import dataclass
from decimal import Decimal

from remtrack.criteria.base import COMMON_SETTINGS, Basis, Family, Rule, Seen, Setting, Table, always, quantity
from remtrack.criteria.results import NG_PER_ML, Amount, Analyte, Panel, by_name, lowest
from remtrack.episodes import Terms
from remtrack.verdict import NOT_EVALUABLE, RELAPSE, STABLE, Category

SOURCE = "Roach 2006, consensus definition"
PSA = Analyte("psa", "ng/mL", "PSA in serum", NG_PER_ML, most=Decimal(100000))


@dataclass(slots=True)
class Sample(Seen):
    """What one visit shows: its PSA, the lowest before it, and what is missing. The sentences use these names."""

    psa: Amount | None = None
    nadir: Amount | None = None
    rise: Decimal = Decimal(2)
    needs: tuple[str, ...] = ()

    def numbers(self):
        return {"value": self.psa.value if self.psa else None}


def has_risen(sample):
    """`psa` is 2 ng/mL (`rise`) or more above the lowest `psa` before it."""
    if sample.psa is None or sample.nadir is None:
        return None
    return sample.psa.at_least(sample.nadir.plus(sample.rise))


def has_not_risen(sample):
    """`psa` is less than that above the lowest before it."""
    risen = has_risen(sample)
    return None if risen is None else not risen


FAILURE = Table(
    "overall",
    "Biochemical failure after radiotherapy",
    Rule(
        "phoenix.overall.failure",
        "failure",
        has_risen,
        "PSA {psa} ng/mL is {rise} ng/mL or more above the lowest before, {nadir}: biochemical failure",
        SOURCE,
        needs="needs",
    ),
    Rule(
        "phoenix.overall.no_failure",
        "no failure",
        has_not_risen,
        "PSA {psa} ng/mL is less than {rise} ng/mL above the lowest before, {nadir}",
        SOURCE,
        needs="needs",
    ),
    Rule("phoenix.overall.ne", "NE", always, "PSA cannot be compared with a lowest one before", "our reading"),
)


class Phoenix(Family):
    """The family: what it is called, what it reads, and what it carries from visit to visit (the lowest PSA)."""

    id = "psa-phoenix-2006"
    title = "PSA, Phoenix 2006"
    word = "response"
    revision = 1
    measure = "PSA"
    unit = "ng/mL"
    source = "Roach 2006, Int J Radiat Oncol Biol Phys 65:965"
    categories = (
        Category("no failure", "no biochemical failure", "the PSA has not clearly risen", 1, STABLE),
        Category("failure", "biochemical failure", "the PSA has clearly risen", 2, RELAPSE),
        Category("NE", "not evaluable", "cannot be rated", 3, NOT_EVALUABLE),
    )
    settings = (
        Setting("rise", "2", quantity(), "how many ng/mL above the lowest PSA are failure"),
        *COMMON_SETTINGS,
    )
    analytes = by_name(PSA)
    inputs = (PSA.as_input,)
    tables = (FAILURE,)

    def prepare(self, history, choices):
        baseline = history.visits[0] if history.visits else None
        first = Panel(baseline, self.analytes).amount("psa") if baseline else None
        return Basis(history, choices, baseline, first.value if first else None)

    def begin(self, basis):
        return Panel(basis.baseline, self.analytes).amount("psa") if basis.baseline else None

    def observe(self, basis, nadir, visit):
        panel = Panel(visit, self.analytes)
        psa = panel.amount("psa")
        if psa is None:
            needs = (panel.lack("psa"),)
        elif nadir is None:
            needs = ("a psa of an earlier visit",)
        else:
            needs = (f"psa as a number: {psa} and {nadir} do not say which",)
        return Sample(visit, psa=psa, nadir=nadir, rise=basis.choices.values["rise"], needs=needs)

    def carry(self, _basis, nadir, sample):
        known = [amount for amount in (nadir, sample.psa) if amount is not None]
        return lowest(known) if known else None

    def terms(self, basis):
        values = basis.choices.values
        return Terms(self.word, self.by_code, lasting_rule=values["lasting_rule"], responses=frozenset())
