"""
Lugano, RANO, mRECIST and iRECIST beside a second, much smaller program each, over lines as they fall.

Each oracle is one function that reads a list of visits (plain dictionaries, the baseline first) and gives the
categories of those after it. They were written from the published tables alone, one visit after the other, without
tables, rules or sentences, and share no line with the package.
"""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings, strategies as st

from remtrack.fold import assess
from remtrack.model import Event, History, Lesion, Line, Measurement, Result, Visit

START = date(2024, 1, 8)
pytestmark = pytest.mark.hypothesis
many = settings(max_examples=max(200, settings.default.max_examples))


def told(family, lesions, looks, options, events=()):
    """Return the categories the package gives: `lesions` by id, `looks` as (day, {lesion: row}, {test: value})."""
    visits = tuple(
        Visit(
            START + timedelta(days=day),
            measurements=tuple(Measurement(name, *row) for name, row in rows.items()),
            results=tuple(
                Result(test, value if not isinstance(value, str) else None, str(value))
                for test, value in answers.items()
                if value is not None
            ),
        )
        for day, rows, answers in looks
    )
    history = History("P01", Line(started_on=START), lesions=tuple(lesions), visits=visits, events=tuple(events))
    return [row.overall for row in assess(history, family, options).assessments]


# ---------------------------------------------------------------------------------------------- Lugano, CT

SIZES = (5, 9, 10, 11, 15, 16, 20, 21, 25, 26, 30, 36, 40)
PAIR = st.tuples(st.sampled_from(SIZES), st.sampled_from(SIZES)).map(lambda pair: (max(pair), min(pair)))
TARGET = st.one_of(PAIR, PAIR, PAIR, st.just((0, 0)), st.just((5, 5)), st.none())
BESIDE = st.sampled_from(("present", "present", "absent", "absent", "increased", "unequivocal_pd", "not_assessed"))
NEW = st.sampled_from((None, None, None, None, 9, 10, 11, 15, 16, "equivocal", "unequivocal"))


@st.composite
def lymphomas(draw):
    kinds = draw(st.lists(st.sampled_from(("node", "nonnodal")), min_size=1, max_size=3))
    beside = draw(st.integers(0, 1))
    new = draw(st.sampled_from((None, "node", "nonnodal")))
    looks = []
    for number in range(draw(st.integers(2, 5))):
        is_first = number == 0
        looks.append(
            {
                "targets": [draw(PAIR.filter(any) if is_first else TARGET) for _ in kinds],
                "beside": ["present" if is_first else draw(BESIDE) for _ in range(beside)],
                "new": None if is_first or new is None else draw(NEW),
                "spleen": draw(
                    st.sampled_from((None, 110, 125, 130, 131, 135, 139, 140, 144, 145, 146, 150, 160, 161, 170))
                ),
                "marrow": draw(st.sampled_from((None, None, "normal", "involved"))),
                "avid": draw(st.sampled_from((None, None, None, "yes", "no"))),
            }
        )
    return kinds, new, looks


def lymphoma_on_ct(kinds, new, looks):
    """Cheson 2014, Table 3, CT."""
    said = []
    first_unclear = first_sure = None
    for place, look in enumerate(looks):  # hindsight: when is the new lesion dated to?
        if look["new"] == "equivocal" and first_unclear is None:
            first_unclear = place
        if look["new"] == "unequivocal":
            dated = place if first_unclear is None else first_unclear
            first_sure = dated if first_sure is None else min(first_sure, dated)
            first_unclear = dated
        elif isinstance(look["new"], int) and first_sure is None and look["new"] > (15 if new == "node" else 10):
            first_sure = place
    for place in range(1, len(looks)):
        now, before = looks[place], looks[:place]
        said.append(lymphoma_visit(kinds, now, before, is_new=first_sure is not None and first_sure <= place))
    return said


def lymphoma_visit(kinds, now, before, *, is_new):
    grown = is_new or "unequivocal_pd" in now["beside"]
    for place, kind in enumerate(kinds):
        size, earlier = now["targets"][place], [look["targets"][place] for look in before if look["targets"][place]]
        if size is None:
            continue
        if (0, 0) in earlier:
            grown = grown or size[0] > (15 if kind == "node" else 10)
            continue
        least_long, least_short = min(long for long, _ in earlier), min(short for _, short in earlier)
        step = 5 if least_long <= 20 else 10
        wider = size[0] - least_long >= step or size[1] - least_short >= step
        bigger = Fraction(size[0] * size[1], min(long * short for long, short in earlier)) >= Fraction(3, 2)
        grown = grown or (size[0] > 15 and bigger and wider)
    lengths = [look["spleen"] for look in before if look["spleen"]]
    first, length = (lengths or [None])[0], now["spleen"]
    if length and first and length > 130:
        least = min(lengths)
        if least > 130:
            grown = grown or Fraction(length - least, least - 130) > Fraction(1, 2)
        elif first > 130:
            grown = grown or length - least >= 20
        else:
            grown = grown or length - first >= 20
    biopsies = [look["marrow"] for look in before if look["marrow"]]
    grown = grown or (now["marrow"] == "involved" and "normal" in biopsies)
    if grown:
        return "PD"
    if None in now["targets"] or (first and first > 130 and not length):
        return "NE"
    normal = all(
        size[0] <= 15 if kind == "node" else size == (0, 0) for kind, size in zip(kinds, now["targets"], strict=True)
    )
    spleen_is_normal = length <= 130 if length else not lengths or (first <= 130 and lengths[-1] <= 130)
    speaks = [look["marrow"] or {"yes": "involved", "no": "normal"}.get(look["avid"]) for look in (*before, now)]
    marrow_is_clear = ([word for word in speaks if word] or ["normal"])[-1] == "normal"
    if normal and spleen_is_normal and marrow_is_clear and set(now["beside"]) <= {"absent"}:
        return "CR"
    half = Fraction(sum(a * b for a, b in now["targets"]), sum(a * b for a, b in before[0]["targets"])) <= Fraction(
        1, 2
    )
    spleen_has_shrunk = not first or first <= 130 or Fraction(first - length, first - 130) > Fraction(1, 2)
    return "PR" if (half or normal) and spleen_has_shrunk else "SD"


def pair_row(size):
    if size is None:
        return ("not_assessed",)
    return ("absent",) if size == (0, 0) else ("measured", *map(exact, size))


def exact(number):
    return Decimal(number)


def new_row(value):
    return (value,) if isinstance(value, str) else ("measured", exact(value))


@many
@given(lymphomas())
def test_lugano_on_ct_agrees_with_a_second_program(case):
    kinds, new, looks = case
    lesions = [Lesion(f"T{place}", "target", kind) for place, kind in enumerate(kinds)]
    lesions += [Lesion(f"X{place}", "nontarget") for place in range(len(looks[0]["beside"]))]
    lesions += [Lesion("N1", "new", new)] if new else []
    visits = []
    for place, look in enumerate(looks):
        rows = {f"T{number}": pair_row(size) for number, size in enumerate(look["targets"])}
        rows |= {f"X{number}": (state,) for number, state in enumerate(look["beside"])}
        rows |= {} if look["new"] is None else {"N1": new_row(look["new"])}
        spleen = None if look["spleen"] is None else exact(look["spleen"])
        answers = {"spleen_mm": spleen, "marrow": look["marrow"], "marrow_fdg": look["avid"]}
        visits.append((place * 60, rows, answers))

    assert lymphoma_on_ct(kinds, new, looks) == told("lugano-2014", lesions, visits, {"mode": "CT"})


@many
@given(
    st.sampled_from((None, 1, 2, 3, 4, 5)),
    st.sampled_from((None, "reduced", "same", "increased")),
    st.sampled_from((None, "yes", "no")),
    st.sampled_from((None, "yes", "no")),
)
def test_lugano_on_pet_agrees_with_a_second_program(score, uptake, foci, marrow):
    avid = marrow == "yes" or (score or 0) >= 4
    if foci == "yes" or (avid and uptake == "increased"):
        expected = "PMD"
    elif score is None or (avid and uptake is None):
        expected = "NE"
    else:
        expected = {"reduced": "PMR", "same": "NMR"}[uptake] if avid else "CMR"
    number = None if score is None else exact(score)
    answers = {"dps": number, "uptake_vs_baseline": uptake, "new_fdg_foci": foci, "marrow_fdg": marrow}

    rows = {"T0": ("measured", exact(40), exact(30))}
    visits = [(0, rows, {"dps": exact(5)}), (60, rows, answers)]
    assert [expected] == told("lugano-2014", [Lesion("T0", "target", "node")], visits, {})


# ------------------------------------------------------------------------------------------------- RANO 2.0

EDGES = (8, 9, 10, 12, 15, 16, 20, 25, 30)
SPOT = st.tuples(st.sampled_from(EDGES), st.sampled_from(EDGES)).map(lambda pair: (max(pair), min(pair)))
GLIOMA = st.one_of(SPOT, SPOT, SPOT, SPOT, st.just((0, 0)), st.just((5, 5)), st.none())
FIRST_NEW = st.one_of(st.none(), st.none(), st.none(), SPOT, st.just("unequivocal"), st.just("absent"))


@st.composite
def gliomas(draw):
    component = draw(st.sampled_from(("CE", "CE", "nCE", "mixed")))
    kinds = draw(st.lists(st.sampled_from(("CE", "nCE") if component == "mixed" else (component,)), max_size=3))
    looks, day = [], 0
    for number in range(draw(st.integers(2, 6))):
        is_first = number == 0
        often = st.sampled_from(("stable",) * 9 + ("decreased", "increased", "increased", None))
        looks.append(
            {
                "day": day,
                "targets": [draw(SPOT if is_first else GLIOMA) for _ in kinds],
                "beside": draw(st.sampled_from(("present", "present", "absent", "unequivocal_pd", "not_assessed"))),
                "N1": None if is_first else draw(FIRST_NEW),
                "N2": None if is_first else draw(st.sampled_from((None,) * 6 + ("unequivocal",))),
                "steroids": draw(often),
                "above": draw(st.sampled_from(("no", "no", "no", "yes", None))),
                "clinical": draw(st.sampled_from(("stable",) * 9 + ("improved", "worse", None))),
                "in_field": draw(st.sampled_from((None, None, None, "yes", "no"))),
            }
        )
        day += draw(st.sampled_from((14, 27, 28, 42, 60)))
    looks[0]["beside"] = "present"
    options = {
        "component": component,
        "confirm_pd": draw(st.sampled_from(("within_12_weeks", "within_12_weeks", "always", "never"))),
        "pd_confirm_rule": draw(st.sampled_from(("further_25", "further_25", "persistent"))),
    }
    return kinds, looks, options, draw(st.sampled_from((None, -28, -28, -14)))


def area(size):
    return size[0] * size[1]


def glioma_part(kind, kinds, look, baseline, nadir):
    """One component of a tumour: NA, CR, PD, PR, MR, SD or NE, and its sum (None where it is not complete)."""
    own = [size for size, other in zip(look["targets"], kinds, strict=True) if other == kind]
    if not own:
        return "NA", None
    known = [size for size in own if size]
    total = sum(map(area, known))
    is_grown = nadir is not None and any(min(size) >= 10 for size in known) and total >= Fraction(5, 4) * nadir
    if len(known) < len(own):
        return ("PD" if is_grown else "NE"), None
    if not total:
        return "CR", total
    if is_grown:
        return "PD", total
    if total <= Fraction(baseline, 2):
        return "PR", total
    return ("MR" if kind == "nCE" and total <= Fraction(3 * baseline, 4) else "SD"), total


def together(parts):
    for code in ("PD", "NE"):
        if code in parts:
            return code
    left = set(parts) - {"NA"}
    if not left:
        return "NA"
    lesser = [code for code in ("MR", "PR") if code in left]
    if left == {"CR"}:
        return "CR"
    return lesser[0] if lesser else "SD"


def glioma(kinds, looks, options, radiotherapy):
    """RANO 2.0 with its preliminary progression and its hindsight, from a first look at the baseline on."""
    brain = Brain(kinds, looks, options, radiotherapy)
    for place in range(1, len(looks)):
        brain.look_at(place)
    return in_hindsight(brain.rows)


class Brain:
    """What one keeps in mind: smallest sums, the preliminary progression that waits, what a refuted one forgave."""

    def __init__(self, kinds, looks, options, radiotherapy):
        self.kinds, self.looks, self.options, self.radiotherapy = kinds, looks, options, radiotherapy
        self.parts = ("CE", "nCE") if options["component"] == "mixed" else (options["component"],)
        first = list(zip(looks[0]["targets"], kinds, strict=True))
        self.baselines = {part: sum(area(size) for size, kind in first if kind == part) for part in self.parts}
        self.nadirs = {part: self.baselines[part] for part in self.parts if part in kinds}
        self.waiting, self.forgiven, self.was_definite, self.rows = None, set(), False, []
        self.since = {
            name: next((place for place, look in enumerate(looks) if is_new(look[name])), 99) for name in ("N1", "N2")
        }

    def look_at(self, place):
        self.place, self.now = place, self.looks[place]
        self.found = {
            part: glioma_part(part, self.kinds, self.now, self.baselines[part], self.nadirs.get(part))
            for part in self.parts
        }
        self.imaging = together([code for code, _ in self.found.values()])
        self.new = {name for name, since in self.since.items() if since <= place}
        self.worse = {"X0"} if self.now["beside"] == "unequivocal_pd" else set()
        self.old = self.forgiven | (self.waiting["new"] | self.waiting["worse"] if self.waiting else set())
        spot = self.now["N1"]
        self.spot = spot if isinstance(spot, tuple) else {"absent": (0, 0)}.get(spot)
        code, outcome = self.urgent() or self.ordinary()
        self.keep(code, outcome)

    @property
    def can_be_judged(self):
        return self.imaging != "NE" and self.status_is_known and self.now["steroids"] != "increased"

    @property
    def status_is_known(self):
        return self.now["steroids"] is not None and self.now["clinical"] is not None

    @property
    def progresses(self):
        return self.imaging == "PD" or bool((self.new | self.worse) - self.old)

    @property
    def is_late(self):
        return self.waiting is not None and self.now["day"] - self.waiting["day"] >= 28

    @property
    def lacks_new(self):
        return self.waiting is not None and self.waiting["spot"] is not None and self.spot is None

    def urgent(self):
        """What comes first: clinical worsening, a new lesion elsewhere, and what a waiting progression becomes."""
        if self.now["clinical"] == "worse" or (self.now["in_field"] == "no" and self.new - self.forgiven):
            return "PD", "confirmed"
        if self.waiting and not self.is_late and (self.progresses or self.can_be_judged):
            return "pPD", None
        if not self.is_late:
            return None
        there = self.waiting["new"] & seen_now(self.now) or self.waiting["worse"] & self.worse - self.forgiven
        persists = self.options["pd_confirm_rule"] == "persistent" and (self.imaging == "PD" or there)
        is_more = more_since(self.waiting, self.kinds, self.now, self.spot, self.parts)
        return ("PD", "confirmed") if persists or is_more or (self.new | self.worse) - self.old else None

    def ordinary(self):
        """What a visit shows by itself, and whether it refutes a progression that waits."""
        outcome = "refuted" if self.is_late and self.can_be_judged and not self.lacks_new else None
        if self.progresses and (self.waiting is None or outcome):
            return ("pPD" if self.asks_again() else "PD"), outcome
        if self.imaging == "NE" or not self.status_is_known or self.lacks_new:
            return "NE", outcome
        if self.now["steroids"] == "increased":
            return "NE, steroids", outcome
        if self.imaging == "CR":
            is_clean = self.now["beside"] == "absent" and self.now["above"] == "no"
            return ("CR" if is_clean and not self.old & seen_now(self.now) else "PR"), outcome
        return ("SD" if self.imaging == "NA" else self.imaging), outcome

    def asks_again(self):
        is_soon = self.radiotherapy is not None and 0 <= self.now["day"] - self.radiotherapy <= 84
        rule = self.options["confirm_pd"]
        return not self.was_definite and (rule == "always" or (rule == "within_12_weeks" and is_soon))

    def keep(self, code, outcome):
        settles = self.waiting["place"] if self.waiting and outcome else None
        if self.now["beside"] not in ("unequivocal_pd", "not_assessed"):
            self.forgiven -= {"X0"}
        if self.waiting and outcome:
            self.forgiven |= self.waiting["new"] | self.waiting["worse"] if outcome == "refuted" else set()
            self.waiting = None
        if code == "pPD" and self.waiting is None:
            new = self.new - self.old
            spot = self.spot if "N1" in new else None
            self.waiting = {"place": self.place, "day": self.now["day"], "look": self.now, "spot": spot}
            self.waiting |= {"new": new, "worse": self.worse - self.old}
            if self.options["pd_confirm_rule"] == "further_25":
                self.nadirs = {}
        for part, (_, total) in self.found.items():
            if total is not None:
                self.nadirs[part] = min(total, self.nadirs.get(part, total))
        self.was_definite = self.was_definite or code == "PD"
        opened = self.waiting["place"] if code == "pPD" else None
        row = {"code": code[:2] if "," in code else code, "look": self.now, "run": "," in code}
        self.rows.append(row | {"opened": opened, "settles": settles, "as": outcome})


def is_new(said):
    return said == "unequivocal" or (isinstance(said, tuple) and min(said) >= 10)


def seen_now(look):
    names = {name for name in ("N1", "N2") if look[name] not in (None, "absent", (0, 0))}
    return names | ({"X0"} if look["beside"] == "unequivocal_pd" else set())


def more_since(waiting, kinds, look, spot, parts):
    """Is some component a quarter larger than at the preliminary scan, over what was measured then?"""
    for part in parts:
        then = now = 0
        for size, before, kind in zip(look["targets"], waiting["look"]["targets"], kinds, strict=True):
            if kind == part and before:
                then += area(before)
                now += area(size) if size else 0
        if part == parts[0] and waiting["spot"]:  # N1 is enhancing, or is added to the only component there is
            then += area(waiting["spot"])
            now += area(spot) if spot else 0
        if then and now >= Fraction(5, 4) * then:
            return True
    return False


def in_hindsight(rows):
    codes = [row["code"] for row in rows]
    outcomes = {row["settles"]: row["as"] for row in rows if row["settles"] is not None}
    for place, row in enumerate(rows):
        if row["code"] == "pPD" and row["opened"] in outcomes:
            codes[place] = "PD" if outcomes[row["opened"]] == "confirmed" else "SD"
    for place, row in enumerate(rows):
        after = next((later for later in range(place + 1, len(rows)) if not rows[later]["run"]), None)
        if row["run"] and after is not None:
            if rows[after]["look"]["clinical"] == "worse":
                codes[place] = "PD"
            elif rows[after]["look"]["steroids"] in ("stable", "decreased") and codes[after] not in ("PD", "pPD"):
                codes[place] = "SD"
    return codes


@many
@given(gliomas())
def test_rano_agrees_with_a_second_program(case):
    kinds, looks, options, radiotherapy = case
    lesions = [Lesion(f"T{place}", "target", kind) for place, kind in enumerate(kinds)]
    kind = "nCE" if options["component"] == "nCE" else "CE"
    lesions += [Lesion("X0", "nontarget", kind), Lesion("N1", "new", kind), Lesion("N2", "new", kind)]
    visits = []
    for look in looks:
        rows = {f"T{number}": pair_row(size) for number, size in enumerate(look["targets"])} | {"X0": (look["beside"],)}
        for name in ("N1", "N2"):
            if look[name] is not None:
                is_size = isinstance(look[name], tuple)
                rows[name] = ("measured", *map(exact, look[name])) if is_size else (look[name],)
        answers = {
            "steroid_vs_baseline": look["steroids"],
            "steroid_above_physiologic": look["above"],
            "clinical": look["clinical"],
            "new_lesion_in_field": look["in_field"],
        }
        visits.append((look["day"], rows, answers))
    events = [] if radiotherapy is None else [Event("radiotherapy_end", START + timedelta(days=radiotherapy))]

    assert glioma(kinds, looks, options, radiotherapy) == told("rano-2.0", lesions, visits, options, events)


# ------------------------------------------------------------------------------------------- mRECIST for HCC

VIABLE = st.sampled_from((0, 0, 3, 5, 7, 10, 12, 14, 18, 20, 21, 24, 25, 30, None))
NODULE = st.one_of(
    st.none(),
    st.none(),
    st.tuples(st.sampled_from((5, 8, 9, 10, 11, 15, 18, 20, 21)), st.sampled_from((None, "yes", "no"))),
    st.sampled_from(("equivocal", "unequivocal", "disproved")),
)
PLACES = {"liver": "nonnodal", "lung": "nonnodal", "retroperitoneum": "node", "porta hepatis": "node"}


@st.composite
def livers(draw):
    places = draw(st.lists(st.sampled_from(("liver", "liver", *PLACES)), max_size=3))
    looks = []
    for number in range(draw(st.integers(2, 6))):
        is_first = number == 0
        looks.append(
            {
                "targets": [draw(VIABLE.filter(bool) if is_first else VIABLE) for _ in places],
                "beside": "present" if is_first else draw(BESIDE),
                "new": None if is_first else draw(NODULE),
                "phase": None if is_first else draw(st.sampled_from((None, None, "adequate", "inadequate"))),
            }
        )
    return places, looks, draw(st.sampled_from((0, 5))), draw(st.booleans())


def liver(places, looks, least, *, has_beside):
    """mRECIST: the sum of what is viable, non-targets, one new nodule of the liver, and what returns after CR."""
    since = nodule_since([look["new"] for look in looks])
    nadir = first = sum(looks[0]["targets"])
    codes, was_complete = [], False
    for place, look in enumerate(looks[1:], 1):
        blind = look["phase"] == "inadequate"
        sizes = [
            None if blind and where == "liver" else size for size, where in zip(look["targets"], places, strict=True)
        ]
        beside = look["beside"]
        if blind and beside != "unequivocal_pd":
            beside = "not_assessed"
        known = [(size, where) for size, where in zip(sizes, places, strict=True) if size is not None]
        total, is_whole = sum(size for size, _ in known), len(known) == len(places)
        ill = [
            (size, where) for size, where in known if size >= {"retroperitoneum": 10, "porta hepatis": 20}.get(where, 1)
        ]
        is_grown = total > nadir and total - nadir >= least and 10 * total >= 12 * nadir
        is_back = was_complete and (ill or (has_beside and beside in ("present", "increased")))
        is_worse = has_beside and beside == "unequivocal_pd"
        beside_is_clear = not has_beside or beside == "absent"
        if not places:
            target = "CR"
        elif is_whole:
            target = "CR" if not ill else "PD" if is_grown else "PR" if 10 * total <= 7 * first else "SD"
        else:
            target = "PD" if is_grown else "NE"
        if is_back or (places and target == "PD") or is_worse or since <= place:
            codes.append("PD")
        elif places:
            codes.append(target if target != "CR" or beside_is_clear else "PR")
        elif has_beside:
            codes.append({"absent": "CR", "not_assessed": "NE"}.get(beside, "IR/SD"))
        else:
            codes.append("NED")
        was_complete = was_complete or codes[-1] == "CR"
        nadir = min(nadir, total) if is_whole else nadir
    return codes


def nodule_since(said):
    """The visit a new nodule is dated to: 10 mm with the pattern, or over 10 mm and 10 mm more than at first."""
    seen = size = None
    for place, word in enumerate(said):
        if word is None:
            continue
        if word == "disproved":
            seen = size = None
            continue
        seen = place if seen is None else seen
        if word == "unequivocal":
            return seen
        if isinstance(word, tuple):
            size = word[0] if size is None else size
            if (word[0] >= 10 and word[1] == "yes") or (word[0] > 10 and word[0] - size >= 10):
                return seen
    return 99


@many
@given(livers())
def test_mrecist_agrees_with_a_second_program(case):
    places, looks, least, has_beside = case
    lesions = [Lesion(f"T{number}", "target", PLACES[where], where) for number, where in enumerate(places)]
    lesions += [Lesion("X0", "nontarget", "nonnodal", "portal vein")] if has_beside else []
    lesions += [Lesion("N1", "new", "nonnodal", "liver")]
    visits = []
    for number, look in enumerate(looks):
        rows, answers = {}, {"arterial_phase": look["phase"]}
        for place, (size, where) in enumerate(zip(look["targets"], places, strict=True)):
            axes = (
                (None, None)
                if size is None
                else (None, exact(size))
                if PLACES[where] == "node"
                else (exact(size), None)
            )
            rows[f"T{place}"] = ("not_assessed" if size is None else "measured", *axes)
        if has_beside:
            rows["X0"] = (look["beside"],)
        if isinstance(look["new"], tuple):
            rows["N1"], answers["N1_typical_pattern"] = ("measured", exact(look["new"][0])), look["new"][1]
        elif look["new"]:
            rows["N1"] = (look["new"],)
        visits.append((number * 60, rows, answers))

    expected = liver(places, looks, least, has_beside=has_beside)
    assert expected == told("mrecist-hcc", lesions, visits, {"min_abs_increase_mm": str(least)})


# --------------------------------------------------------------------------------------------------- iRECIST

SUM = st.sampled_from((0, 10, 20, 24, 25, 26, 28, 30, 34, 35, 36, 40, 44, 45, 50, 55, 60, 61, 65, 66, 70, 75))
GROWING = st.sampled_from((None, 0, 8, 10, 12, 14, 15, 16, 17, 20, 24, 25, 29, 30))
JUDGED = st.sampled_from((None, None, "present", "present", "increased", "unequivocal_pd", "absent", "not_assessed"))


@st.composite
def immune_lines(draw):
    has_beside, looks, day = draw(st.booleans()), [], 0
    for number in range(draw(st.integers(2, 7))):
        is_first = number == 0
        looks.append(
            {
                "day": day,
                "L1": 50 if is_first else draw(st.one_of(SUM, SUM, SUM, SUM, st.none())),
                "L2": 10 if is_first else draw(st.sampled_from((0, 0, 10, 10, 10, 12, 16, None))),
                "beside": "present" if is_first else draw(BESIDE),
                "N1": None if is_first else draw(GROWING),
                "N2": None if is_first else draw(JUDGED),
                "symptom": draw(st.sampled_from((None, None, "yes", "no"))),
            }
        )
        day += draw(st.sampled_from((14, 26, 27, 28, 42, 60)))
    return has_beside, looks, draw(st.sampled_from((0, 0, 2)))


def immune(looks, tolerance, *, has_beside):
    """iRECIST: series that an iUPD opens, what confirms them and what resets them."""
    nadir, was_complete, series, lowest_new, codes = 60, False, None, None, []
    first = {
        name: next((place for place, look in enumerate(looks) if look[name] and is_sighting(look[name])), 99)
        for name in ("N1", "N2")
    }
    by_size = first["N1"] < 99 and looks[first["N1"]]["N1"] >= 10
    for place, look in enumerate(looks[1:], 1):
        if codes and codes[-1] == "iCPD":
            codes.append("iCPD")
            continue
        seen = immune_facts(look, nadir, was_complete=was_complete, has_beside=has_beside)
        there = {name for name in first if first[name] <= place}
        seen["visible"] = {name for name in there if look[name] and is_sighting(look[name])}
        seen["lost"] = {name for name in there if look[name] in (None, "not_assessed")}
        seen["fresh"] = {name for name in first if first[name] == place}
        seen["more"] = {name for name in seen["visible"] if series and first[name] > series["place"]}
        size = look["N1"] if by_size and "N1" in there else None
        seen["size"], state = size, look["N2"] if "N2" in seen["visible"] else None
        seen["new_bad"], seen["new_larger"] = state == "unequivocal_pd", state in ("increased", "unequivocal_pd")
        if lowest_new is not None and size is not None and size - lowest_new >= 5 and 10 * size >= 12 * lowest_new:
            seen["new_bad"] = True
        if series is None:
            code, series = immune_alone(seen, {"place": place, "day": look["day"]})
        elif look["day"] - series["day"] < 28 - tolerance:
            code = "iCPD" if look["symptom"] == "yes" and seen["more"] else "iUPD"
        else:
            code, series = immune_again(seen, series)
        codes.append(code)
        was_complete = was_complete or code == "iCR"
        nadir = min(nadir, seen["total"]) if seen["is_whole"] else nadir
        if size is not None:
            lowest_new = size if "N1" in seen["fresh"] or lowest_new is None else min(lowest_new, size)
    return codes


def immune_facts(look, nadir, *, was_complete, has_beside):
    """What baseline lesions are by themselves."""
    known = [look[name] for name in ("L1", "L2") if look[name] is not None]
    total, is_whole = sum(known), len(known) == 2
    is_grown = total > nadir and total - nadir >= 5 and 10 * total >= 12 * nadir
    target = "iUPD" if is_grown else "NE"
    if is_whole:
        target = "iCR" if not total else "iUPD" if is_grown else "iPR" if 10 * total <= 7 * 60 else "iSD"
    beside = look["beside"] if has_beside else "absent"
    return {
        "total": total,
        "is_whole": is_whole,
        "target": target,
        "beside": beside,
        "T": target == "iUPD" or (was_complete and total > 0),
        "NT": beside == "unequivocal_pd" or (was_complete and beside in ("present", "increased")),
    }


def immune_alone(seen, here):
    """The category where no series is open, and the series that it opens."""
    by = {kind for kind in ("T", "NT") if seen[kind]} | ({"NL"} if seen["fresh"] or seen["new_bad"] else set())
    if not by:
        return immune_plain(seen), None
    low = seen["total"] if seen["is_whole"] else None
    responded = seen["target"] in ("iPR", "iCR")
    return "iUPD", here | {"by": by, "low": low, "low_new": seen["size"], "responded": responded}


def immune_again(seen, series):
    """The category in an open series from four weeks on, and the series as it goes on, None once it is closed."""
    by, total, size = series["by"], seen["total"], seen["size"]
    confirms = (
        ("T" in by and series["low"] is not None and seen["T"] and total >= series["low"] + 5)
        or ("NT" in by and seen["beside"] == "increased")
        or ("NL" in by and None not in (series["low_new"], size) and size >= series["low_new"] + 5)
        or ("NL" in by and seen["new_larger"])
        or seen["more"]
        or any(kind not in by and seen[kind] for kind in ("T", "NT"))
        or ("NL" not in by and seen["new_bad"])
    )
    if confirms:
        return "iCPD", None
    newly = seen["target"] in ("iPR", "iCR") and not series["responded"]
    code = immune_plain(seen)
    if seen["target"] == "NE" or ("NT" in by and seen["beside"] == "not_assessed") or ("NL" in by and seen["lost"]):
        code = "NE"
    elif seen["T"] or seen["NT"] or ("NL" in by and seen["visible"] and not newly):
        code = "iUPD"
    if code not in ("iUPD", "NE"):
        return code, None
    lows = [low for low in (series["low"], total if seen["is_whole"] else None) if low is not None]
    news = [low for low in (series["low_new"], size) if low is not None]
    return code, series | {"low": min(lows, default=None), "low_new": min(news, default=None)}


def is_sighting(said):
    return said in ("present", "increased", "unequivocal_pd") if isinstance(said, str) else said > 0


def immune_plain(seen):
    """The category where nothing is progression, with older new lesions left out."""
    if seen["target"] == "iCR":
        return "iCR" if seen["beside"] == "absent" and not seen["visible"] and not seen["lost"] else "iPR"
    return seen["target"]


@many
@given(immune_lines())
def test_irecist_agrees_with_a_second_program(case):
    has_beside, looks, tolerance = case
    lesions = [Lesion("L1", "target"), Lesion("L2", "target"), Lesion("N1", "new"), Lesion("N2", "new")]
    lesions += [Lesion("X0", "nontarget")] if has_beside else []
    visits = []
    for look in looks:
        rows = {
            name: ("not_assessed",) if look[name] is None else ("measured", exact(look[name])) for name in ("L1", "L2")
        }
        rows |= {} if look["N1"] is None else {"N1": ("measured", exact(look["N1"]))}
        rows |= {} if look["N2"] is None else {"N2": (look["N2"],)}
        rows |= {"X0": (look["beside"],)} if has_beside else {}
        visits.append((look["day"], rows, {"unscheduled_new_symptom": look["symptom"]}))

    expected = immune(looks, tolerance, has_beside=has_beside)
    assert expected == told("irecist", lesions, visits, {"confirm_tolerance_days": str(tolerance)})
