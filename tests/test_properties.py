"""What holds for every history and every setting, whatever a reader enters and in whatever order."""

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import strategies
from hypothesis import assume, given, strategies as st

from remtrack.criteria import FAMILIES, load_family
from remtrack.criteria.base import Table
from remtrack.episodes import lasting
from remtrack.fold import assess, check_baseline, explain
from remtrack.model import Measurement
from remtrack.verdict import END_KINDS, NOT_EVALUABLE, RESPONSE_KINDS

pytestmark = pytest.mark.hypothesis

FAMILY = load_family("recist-1.1")
RANK = {category.code: category.rank for category in FAMILY.categories}
FORBIDDEN = re.compile(
    r"\b(cure[sd]?|cancer[- ]free|free of cancer|disease gone|all clear|beaten|eradicated|healed|safe|"
    r"good news|bad news|failed|survival)\b",
    re.IGNORECASE,
)
GAP = re.compile(r"[{}]|\bNone\b|Decimal|\binf\b")  # a name that was not filled in


def categories(course):
    return [(row.overall, row.reported) for row in course.assessments]


@given(st.data())
def test_the_order_of_entry_does_not_matter(data):
    history = data.draw(strategies.histories())
    again = data.draw(strategies.shuffled(history))

    assert assess(history) == assess(again)


@given(strategies.histories(), strategies.settings)
def test_the_same_facts_give_the_same_answer(history, settings):
    assert assess(history, "recist-1.1", settings) == assess(history, "recist-1.1", dict(settings))


@given(
    strategies.histories(gaps=False, kinds=("nonnodal",)),
    st.sampled_from((Decimal("0.1"), Decimal("0.5"), Decimal(2), Decimal(8), Decimal(10))),
)
def test_shares_of_a_sum_do_not_depend_on_the_unit(history, factor):
    """Without nodes, the 5 mm that a faint lesion counts and the 5 mm of growth, only ratios are left."""
    settings = {"min_abs_increase_mm": "0"}
    once = assess(history, "recist-1.1", settings)
    more = assess(strategies.scaled(history, factor), "recist-1.1", settings)

    assert categories(once) == categories(more)
    assert once.best_response == more.best_response


@given(strategies.histories(equivocal=False, events=False), strategies.settings, st.data())
def test_what_was_said_at_a_visit_stays_so_when_later_visits_come(history, settings, data):
    visit = data.draw(st.sampled_from(history.visits))
    whole = assess(history, "recist-1.1", settings)
    part = assess(replace(history, as_of=visit.visit_on), "recist-1.1", settings)

    assert part.assessments == whole.assessments[: len(part.assessments)]
    assert part.progression_on in (None, whole.progression_on)


@given(strategies.histories(events=False), st.data())
def test_only_a_new_lesion_proven_later_changes_an_earlier_answer_and_only_to_pd(history, data):
    visit = data.draw(st.sampled_from(history.visits))
    part = assess(replace(history, as_of=visit.visit_on)).assessments
    whole = assess(history).assessments[: len(part)]
    for before, after in zip(part, whole, strict=True):
        if before.overall != after.overall:
            assert (before.part("new_lesion"), after.part("new_lesion"), after.overall) == ("no", "yes", "PD")


@given(strategies.histories(events=False), st.data())
def test_a_response_that_was_settled_stays_settled_when_later_visits_come(history, data):
    assume(all(lesion.role != "new" for lesion in history.lesions))
    visit = data.draw(st.sampled_from(history.visits))
    part = assess(replace(history, as_of=visit.visit_on)).episodes
    whole = assess(history).episodes
    for before, after in zip(part, whole, strict=False):
        assert before.began_on == after.began_on
        if before.lasted_month != "not yet":
            assert (before.lasted_month, before.lasted_on) == (after.lasted_month, after.lasted_on)
        if before.ended_on is not None:
            assert before == after


@given(strategies.histories())
def test_sums_and_changes_are_those_worked_out_by_hand(history):
    targets = {lesion.lesion_id: lesion for lesion in history.lesions if lesion.role == "target"}
    sums = []
    for visit in history.visits:
        sizes = []
        for row in visit.measurements:
            lesion = targets.get(row.lesion_id)
            if lesion is None:
                continue
            given_size = row.short_mm if lesion.kind == "node" else row.longest_mm
            fixed = {"absent": Decimal(0), "too_small": Decimal(5), "not_assessed": None}
            sizes.append(given_size if row.state == "measured" else fixed[row.state])
        whole = len(sizes) == len(targets) and None not in sizes
        sums.append(sum(sizes) if targets and whole else None)
    for number, row in enumerate(assess(history).assessments, 1):
        earlier = [total for total in sums[:number] if total is not None]

        assert sums[number] == row.sum_mm
        assert (min(earlier) if earlier else None) == row.nadir_sum_mm
        if row.sum_mm is not None and row.nadir_sum_mm is not None:
            assert row.sum_mm - row.nadir_sum_mm == row.change_from_nadir_mm
        if row.sum_mm is not None and row.baseline_sum_mm:
            assert (row.sum_mm - sums[0]) * 100 / sums[0] == row.change_from_baseline_pct


@given(strategies.histories(), strategies.settings)
def test_what_is_reported_differs_only_where_sd_is_reported_as_pr(history, settings):
    progressed = False
    for row in assess(history, "recist-1.1", settings).assessments:
        assert row.reported == row.overall or (row.overall, row.reported) == ("SD", "PR")
        progressed = progressed or row.overall == "PD"
        if progressed:
            assert row.reported == row.overall


@given(strategies.histories(), strategies.settings)
def test_a_confirmed_best_response_is_never_better_than_the_best_visit(history, settings):
    course = assess(history, "recist-1.1", settings)
    if course.best_response_unconfirmed:  # there is none where a new therapy came before the first visit
        assert RANK[course.best_response] >= RANK[course.best_response_unconfirmed]
        assert course.best_response in {row.overall for row in course.assessments} | {"SD", "Non-CR/Non-PD", "NE", "PR"}


@given(strategies.histories(gaps=False), st.data())
def test_leaving_out_a_target_gives_ne_or_pd_and_never_a_response(history, data):
    assume(any(lesion.role == "target" for lesion in history.lesions) and len(history.visits) > 1)
    number = data.draw(st.integers(1, len(history.visits) - 1))
    left_out = next(lesion.lesion_id for lesion in history.lesions if lesion.role == "target")
    visit = history.visits[number]
    rows = tuple(row for row in visit.measurements if row.lesion_id != left_out)
    visits = list(history.visits)
    visits[number] = replace(visit, measurements=rows)
    answer = assess(replace(history, visits=tuple(visits))).assessments[number - 1]

    assert answer.overall in ("NE", "PD")
    assert answer.sum_mm is None
    if answer.overall == "NE":
        assert f"nothing is entered for {left_out}" in answer.undecided


@given(strategies.histories(), st.data())
def test_pd_is_never_taken_back_by_adding_an_unequivocal_new_lesion(history, data):
    assume(len(history.visits) > 1)
    number = data.draw(st.integers(1, len(history.visits) - 1))
    visits = list(history.visits)
    rows = [row for row in visits[number].measurements if row.lesion_id != "N1"]
    visits[number] = replace(visits[number], measurements=(*rows, Measurement("N1", "unequivocal")))
    known = [lesion for lesion in history.lesions if lesion.lesion_id != "N1"]
    with_new = replace(history, lesions=(*known, strategies.Lesion("N1", "new")), visits=tuple(visits))

    assert {"PD"} == {row.overall for row in assess(with_new).assessments[number - 1 :]}


@given(strategies.split_histories())
def test_a_split_lesion_is_judged_like_the_sum_of_its_fragments(both):
    split, whole = both

    assert categories(assess(whole)) == categories(assess(split))
    assert [row.sum_mm for row in assess(whole).assessments] == [row.sum_mm for row in assess(split).assessments]


@given(strategies.histories(), strategies.settings)
def test_every_answer_carries_its_rule_its_reason_and_its_source(history, settings):
    rules = {rule.id: rule for table in FAMILY.tables for rule in table.rules}
    for row in assess(history, "recist-1.1", settings).assessments:
        assert row.overall == rules[row.rule].category
        assert row.source == rules[row.rule].source
        assert [finding.part for finding in row.findings] == ["target", "nontarget", "new_lesion", "overall"]
        for finding in row.findings:
            assert finding.because
            assert finding.source
            assert finding.category == rules[finding.rule].category


@given(strategies.histories(), strategies.settings)
def test_no_sentence_promises_anything_or_leaves_a_gap(history, settings):
    course = assess(history, "recist-1.1", settings)
    said = [finding.because for row in course.assessments for finding in row.findings]
    said += [text for row in course.assessments for text in (*row.flags, *row.undecided)]
    for row in course.assessments:
        found = explain(history, "recist-1.1", settings, row.visit_on)
        said += [*found.would_change, *(step.value for step in found.steps)]
    said += [f"{problem.what} {problem.why}" for problem in check_baseline(history)]
    for sentence in said:
        assert sentence
        assert not FORBIDDEN.search(sentence)
        assert not GAP.search(sentence)


@given(strategies.histories(), strategies.settings)
def test_stretches_of_response_keep_their_dates_in_order(history, settings):
    course = assess(history, "recist-1.1", settings)
    confirm_days = int(settings.get("confirm_days", 28))
    required = settings.get("confirm_required", "yes") == "yes"
    dates = {row.dated_on: row for row in course.assessments}
    last = None
    for episode in course.episodes:
        assert dates[episode.began_on].kind in RESPONSE_KINDS
        assert last is None or last < episode.began_on
        assert episode.began_on <= episode.last_seen_on
        assert episode.days == ((episode.ended_on or episode.last_seen_on) - episode.began_on).days
        if episode.confirmed_on is not None and required:
            assert (episode.confirmed_on - episode.began_on).days >= confirm_days
        if episode.ended_on is not None:
            assert episode.last_seen_on <= episode.ended_on
            assert episode.settles_on is None
        assert (episode.lasted_month == "yes") is (episode.lasted_on is not None)
        assert episode.category in {code for code, _ in episode.levels} | {"PR"}
        assert sorted(on for _, on in episode.levels) == [on for _, on in episode.levels]
        last = episode.ended_on or episode.last_seen_on


@given(strategies.histories(), strategies.settings)
def test_no_response_begins_after_the_first_progression(history, settings):
    course = assess(history, "recist-1.1", settings)
    if course.progression_on is not None:
        assert all(episode.began_on < course.progression_on for episode in course.episodes)


@given(strategies.histories(), strategies.settings)
def test_durations_are_never_negative_and_response_is_part_of_the_time_without_progression(history, settings):
    course = assess(history, "recist-1.1", settings)

    assert course.pfs_days >= 0
    if course.dor_days is not None:
        assert course.dor_days >= 0
        assert course.dor_censored == course.pfs_censored


@given(strategies.histories(), strategies.settings)
def test_a_month_that_lasted_has_evidence_a_month_away(history, settings):
    rule = settings.get("lasting_rule", "days28")
    for episode in assess(history, "recist-1.1", settings).episodes:
        if episode.lasted_month == "yes":
            again = lasting(episode.began_on, [(episode.lasted_on, "response")], rule)

            assert again.value == "yes"
            assert lasting(episode.began_on, [(episode.began_on, "response")], rule).value == "not yet"


@given(strategies.histories())
def test_a_visit_that_could_not_be_judged_never_proves_or_ends_a_response(history):
    course = assess(history)
    blind = {row.dated_on for row in course.assessments if row.kind == NOT_EVALUABLE}
    for episode in course.episodes:
        assert not blind & {episode.began_on, episode.confirmed_on, episode.lasted_on}
        assert episode.ended_by == "death" or episode.ended_on not in blind


@given(
    strategies.histories(min_targets=1, max_nontargets=0, max_new=0, kinds=("nonnodal",), events=False),
    strategies.settings,
)
def test_the_limits_for_the_next_visit_are_where_the_category_turns(history, settings):
    """A sum at the limit is PD, one a hundredth of a millimetre below it is not; likewise for PR."""
    course = assess(history, "recist-1.1", settings)
    limits = dict(course.thresholds)
    step = Decimal("0.01")

    def next_answer(total):
        sizes = [total] + [Decimal(0)] * (len(history.lesions) - 1)
        rows = (strategies.measured(lesion, size) for lesion, size in zip(history.lesions, sizes, strict=True))
        on = history.visits[-1].visit_on + timedelta(days=30)
        visits = (*history.visits, strategies.Visit(on, measurements=tuple(rows)))
        return assess(replace(history, visits=visits), "recist-1.1", settings).assessments[-1].part("target")

    if "progression_from_mm" in limits and limits["progression_from_mm"] > 0:
        assert next_answer(limits["progression_from_mm"]) == "PD"
        assert next_answer(limits["progression_from_mm"] - step) != "PD"
        if limits["partial_to_mm"] + step < limits["progression_from_mm"]:
            assert next_answer(limits["partial_to_mm"]) == "PR"
            assert next_answer(limits["partial_to_mm"] + step) == "SD"


@given(strategies.histories(events=False), strategies.settings)
def test_every_response_up_to_the_first_progression_belongs_to_a_stretch(history, settings):
    course = assess(history, "recist-1.1", settings)
    for row in course.assessments:
        if row.reported_kind in END_KINDS:
            break
        if row.kind in RESPONSE_KINDS:
            assert any(found.began_on <= row.dated_on <= found.last_seen_on for found in course.episodes)


def test_the_family_says_the_same_of_itself_as_the_table_of_families():
    entry = FAMILIES["recist-1.1"]

    assert (FAMILY.id, FAMILY.title, FAMILY.word, FAMILY.revision, FAMILY.unit) == (
        "recist-1.1",
        entry.title,
        entry.word,
        entry.revision,
        entry.unit,
    )


def test_no_rule_setting_or_category_uses_a_word_that_promises():
    said = [rule.sentence for table in FAMILY.tables for rule in table.rules]
    said += [text for category in FAMILY.categories for text in (category.label, category.plain)]
    said += [setting.help for setting in FAMILY.settings]

    assert [sentence for sentence in said if FORBIDDEN.search(sentence)] == []


def test_every_rule_has_an_id_of_its_own_in_its_table_a_source_and_a_known_category():
    known = {category.code for category in FAMILY.categories}
    for table in FAMILY.tables:
        ids = [rule.id for rule in table.rules]

        assert len(set(ids)) == len(ids)
        assert all(rule.source and rule.sentence for rule in table.rules)
        assert {rule.category for rule in table.rules} <= known | (
            {"NA", "yes", "no"} if table.part != "overall" else set()
        )


def test_a_table_without_a_rule_that_catches_all_is_refused():
    rule = FAMILY.tables[0].rules[0]

    with pytest.raises(ValueError, match="catch all"):
        Table("target", "Targets", rule)
