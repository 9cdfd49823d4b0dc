"""The sentences shown to a person: what each situation is called, and what is never said."""

import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
import screen_samples as samples
from hypothesis import given, strategies as st

from remtrack import verdict, words
from remtrack.words import limits, plain

KINDS = (
    verdict.COMPLETE,
    verdict.PARTIAL,
    verdict.MINOR,
    verdict.STABLE,
    verdict.NO_DISEASE,
    verdict.POSSIBLE_PROGRESSION,
    verdict.PROGRESSION,
    verdict.RELAPSE,
    verdict.REFRACTORY,
    verdict.NOT_EVALUABLE,
)
d, day, episode, status = samples.d, samples.day, samples.episode, samples.status


# Numbers and days


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("-57.333", "-57.3 %"),
        ("31.48", "+31.5 %"),
        ("0", "0.0 %"),
        ("-0.04", "0.0 %"),
        ("0.05", "+0.1 %"),
        ("-12.25", "-12.3 %"),
        ("Infinity", "from 0"),
        ("-100", "-100.0 %"),
    ],
)
def test_a_change_has_a_sign_and_one_decimal_rounded_half_away_from_zero(value, shown):
    assert shown == words.signed(d(value))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("-30", "-30.0 %"),
        ("-29.96", "-29.96 %"),
        ("-30.04", "-30.04 %"),
        ("-29.94", "-29.9 %"),
        ("19.9996", "+20.000 %"),
    ],
)
def test_a_change_beside_a_threshold_is_not_rounded_onto_it(value, shown):
    assert shown == words.signed(d(value))


@given(st.decimals(min_value=-100, max_value=400, places=6))
def test_no_change_that_misses_thirty_or_twenty_per_cent_by_a_hundredth_reads_as_that(value):
    shown = Decimal(words.signed(value).removesuffix(" %"))

    assert shown not in (Decimal(-30), Decimal(20)) or abs(value - shown) < Decimal("0.005")


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("progression_from_mm", "64.80", "64.8"),
        ("progression_from_mm", "64.83", "64.83"),
        ("progression_from_mm", "64.8333", "64.84"),
        ("partial_to_mm", "52.5", "52.5"),
        ("partial_to_mm", "52.5666", "52.56"),
        ("nadir_mm", "54", "54.0"),
    ],
)
def test_the_digits_of_a_limit_are_on_its_own_side(name, value, shown):
    assert shown == words.limit(name, d(value))


def test_a_size_that_is_not_known_is_not_evaluable_and_never_zero():
    assert (words.number(None), words.number(d("0"))) == ("n/e", "0.0")


def test_days_are_echoed_with_their_weekday():
    assert words.day_in_words(date(2026, 3, 2)) == "Mon 2 Mar 2026"


def test_how_long_ago_is_counted_from_the_day_that_was_given():
    spans = [words.ago(date(2026, 3, 10), date(2026, 3, 10) + timedelta(gap)) for gap in (-2, -1, 0, 1, 98)]

    assert spans == ["in 2 days", "in 1 day", "today", "1 day ago", "98 days ago"]


def test_ordinals_are_spelled_as_they_are_said():
    assert [words.ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 112)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th",
    ]  # fmt: skip


def test_a_duration_of_two_months_or_more_is_said_in_months_too():
    assert (words.span(60), words.span(200)) == ("60 days", "200 days (6.6 months)")


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (60, "60 days"),
        (61, "61 days, about 2 months"),
        (744, "744 days, about 24 months"),
        (761, "761 days, about 2 years and 1 month"),
        (1096, "1096 days, about 3 years"),
        (1705, "1705 days, about 4 years and 8 months"),
    ],
)
def test_a_long_time_is_told_to_a_patient_in_years(days, said):
    assert said == plain.span(days)


# States


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_category_has_a_symbol_that_ascii_can_hold(kind):
    assert words.symbol(kind).isascii()
    assert words.legend([kind]).startswith(words.symbol(kind))


def test_growth_shrinkage_and_what_cannot_be_judged_have_different_symbols():
    kinds = (verdict.COMPLETE, verdict.PARTIAL, verdict.STABLE, verdict.PROGRESSION, verdict.NOT_EVALUABLE)

    assert len({words.symbol(kind) for kind in kinds}) == len(kinds)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_clinical_words_for_solid_tumours_and_for_blood_cancers(kind):
    assert words.state_words(kind, "response")
    assert words.state_words(kind, "remission")


def test_solid_tumours_respond_and_blood_cancers_remit():
    assert words.state_words(verdict.COMPLETE, "response") == "complete response"
    assert words.state_words(verdict.COMPLETE, "remission") == "complete remission"
    assert words.state_words(verdict.RELAPSE, "response") == "recurrence"
    assert words.state_words(verdict.RELAPSE, "remission") == "relapse"


def test_a_state_in_a_narrow_column_has_symbol_code_and_word():
    assert words.state_short("PR", verdict.PARTIAL) == "v PR partial"
    assert words.state_short("Non-CR/Non-PD", verdict.STABLE) == "= Non-CR/Non-PD"
    assert words.state_short("Relapse", verdict.RELAPSE) == "! Relapse"


def test_a_baseline_alone_and_no_scan_at_all_are_told_apart():
    assert words.state_short("", "", 1) == "? baseline only"
    assert words.state_short("", "", 0) == "? no scan yet"


# Did it last a month


def test_a_month_that_was_shown_is_dated_to_the_visit_that_showed_it():
    assert words.lasting_words(episode(), samples.TODAY) == "yes, shown on 2025-10-06"


@pytest.mark.parametrize(
    ("as_of", "said"),
    [
        ("2026-03-19", "not yet; a visit on or after 2026-03-20 can settle it (in 1 day)"),
        ("2026-03-20", "not yet; a visit can settle it since 2026-03-20, none so far"),
        ("2026-06-20", "not yet; a visit can settle it since 2026-03-20, none so far"),
    ],
)
def test_time_passing_without_a_visit_never_makes_a_month_yes(as_of, said):
    once = samples.CR_ONCE.episodes[0].episode

    assert said == words.lasting_words(once, day(as_of))


def test_a_response_that_ended_before_it_was_proven_did_not_last_a_month():
    said = words.lasting_words(samples.SHORT_REMISSION.episode, samples.TODAY)

    assert said == "no, it ended on 2025-11-24 with PD before a visit had proven it"


def test_a_response_that_was_given_up_says_that_it_was_not_confirmed():
    given_up = episode(
        confirmed_on=None, lasted_month=verdict.NO, lasted_on=None, ended_by="not confirmed", days=0,
        last_seen_on=day("2025-09-01"),
    )  # fmt: skip

    assert words.lasting_words(given_up, samples.TODAY) == "no, it was not confirmed by the visits after it"
    assert words.course_words(given_up) == "seen once, on 2025-09-01; was not confirmed by the visits after it"


def test_a_response_closed_by_a_new_therapy_is_neither_ended_nor_going_on():
    closed = episode(ended_by="new therapy")

    assert words.course_words(closed) == (
        "seen for 182 days (6.0 months), up to 2026-03-02; is followed no further, as a new therapy began"
    )
    assert not words.is_open(closed)


def test_days_run_to_the_last_visit_that_shows_it_and_not_to_today():
    row = samples.PR_CONFIRMED.episodes[0]
    said = {words.overview_words(row, samples.later(gap)) for gap in (0, 30, 300)}

    assert said == {"PR since 2025-09-01, 182 days: a month or more, proven 2025-10-06"}


def test_an_anniversary_without_a_visit_after_it_is_passed_but_not_checked():
    mark = verdict.Milestone("5y", day("2025-06-01"), "passed-not-checked")

    assert words.milestone_words(mark, day("2025-05-01")) == (
        "5 years on 2025-06-01: passed, not checked (last seen 2025-05-01)"
    )


# Proven or seen once


def test_a_response_seen_once_is_called_that():
    assert words.proof_words(samples.CR_ONCE) == "seen once, not yet confirmed"


def test_a_complete_response_seen_once_within_a_confirmed_partial_one_is_not_confirmed():
    row = status(current="CR", current_kind=verdict.COMPLETE)

    assert words.proof_words(row) == "not yet confirmed (confirmed as PR)"
    assert plain.state(row) == "No sign of the cancer on this check. A repeat check is needed to confirm."


def test_a_response_that_has_ended_is_not_the_current_one():
    assert words.current_episode(samples.PD_AFTER_PR) is None


def test_a_visit_that_reads_as_a_response_after_progression_is_no_response():
    row = replace(samples.PD_AFTER_PR, current="PR", current_kind=verdict.PARTIAL, change_from_baseline_pct=d("-40"))

    assert words.proof_words(row) == "after progression on 2026-02-20"
    assert plain.state(row) == (
        "Growth (or a new area) was seen on 20 February 2026. "
        "On this check the measured tumours are 40% smaller than at the start."
    )


def test_a_visit_that_reads_as_stable_after_progression_says_both():
    row = replace(samples.PD_AFTER_PR, current="SD", current_kind=verdict.STABLE)

    assert plain.state(row) == (
        "Growth (or a new area) was seen on 20 February 2026. "
        "Stable: only a small change, not counted as growth or shrinkage."
    )


# What the next visit would be compared with


def test_the_limits_for_the_next_visit_carry_their_unit():
    thresholds = (("partial_to_mm", Decimal("52.5")), ("progression_from_mm", Decimal(72)))
    early = replace(samples.SD, thresholds=thresholds)

    assert limits.threshold_words(early) == ("partial response at 52.5 mm or less", "progression from 72.0 mm")


def test_a_size_that_is_progression_is_not_offered_as_a_partial_response():
    stable_again = replace(samples.SD, thresholds=samples.PR_CONFIRMED.thresholds)

    assert limits.threshold_words(stable_again) == ("partial response below 38.4 mm", "progression from 38.4 mm")


def test_a_level_that_is_reached_is_no_limit_of_the_next_visit():
    not_judged = replace(samples.PR_CONFIRMED, current="NE", current_kind=verdict.NOT_EVALUABLE)
    over = replace(not_judged, episodes=(samples.SHORT_REMISSION,))

    assert limits.threshold_words(samples.PR_CONFIRMED) == ("progression from 38.4 mm",)
    assert limits.threshold_words(not_judged) == ("progression from 38.4 mm",)
    assert limits.threshold_words(over)[0] == "partial response below 38.4 mm"


def test_after_progression_no_limit_is_named():
    assert limits.threshold_words(samples.PD_AFTER_PR) == ()


# Plain words


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            samples.PR_CONFIRMED,
            "Partial response since 1 September 2025: the measured tumours are 57.3% smaller than at the start.",
        ),
        (samples.CR_LASTING, "Complete response (no evidence of disease on tests) since 1 June 2020."),
        (samples.CR_ONCE, "No sign of the cancer on this check. A repeat check is needed to confirm."),
        (samples.SD, "Stable: only a small change, not counted as growth or shrinkage."),
        (samples.NED, "No evidence of disease on tests since 5 May 2025."),
        (samples.PD_AFTER_PR, "The measurements show growth (or a new area)."),
        (samples.NE, "This visit cannot be rated because L2 was not assessed (scan cut off)."),
        (samples.BASELINE_ONLY, "One scan has been entered so far. The next one can be compared with it."),
        (samples.EMPTY, "No scan has been entered yet."),
        (samples.LEUKAEMIA, "Second complete remission since 6 October 2025."),
        (samples.RELAPSED, "The leukaemia has come back (seen on 2 March 2026)."),
    ],
    ids=lambda value: value if isinstance(value, str) else value.patient_id,
)
def test_each_situation_is_told_to_a_patient_in_its_own_words(row, said):
    assert said == plain.state(row)


def test_a_partial_response_seen_once_needs_a_repeat_check():
    once = episode(confirmed_on=None, days=0, lasted_month=verdict.NOT_YET, lasted_on=None)
    row = status(episodes=(samples.remission("P01", once),))

    assert plain.state(row) == (
        "On this check the measured tumours are 57.3% smaller than at the start. "
        "A repeat check is needed to confirm a partial response."
    )


def test_a_remission_of_the_blood_seen_once_needs_to_hold():
    once = episode(word="remission", category="CR", kind=verdict.COMPLETE, confirmed_on=None, days=0)
    row = replace(samples.LEUKAEMIA, episodes=(samples.remission("A01", once),))

    assert plain.state(row) == "This check meets complete remission. It needs to hold."


def test_cancer_seen_after_a_complete_response_or_none_at_all_is_seen_again():
    ended = replace(samples.CR_LASTING.episodes[0].episode, ended_on=day("2026-02-20"), ended_by="PD")
    after_cr = replace(samples.PD_AFTER_PR, episodes=(samples.remission("P04", ended),))
    after_ned = replace(samples.PD_AFTER_PR, episodes=(), best_response="NED")

    assert plain.state(after_cr) == plain.state(after_ned) == "The cancer was seen again on 20 February 2026."


def test_lymphoma_and_myeloma_are_told_as_remission_though_clinicians_say_response():
    assert plain.word_for("response", "lugano-2014") == "remission"
    assert plain.word_for("response", "myeloma-imwg-2016") == "remission"
    assert plain.word_for("response", "recist-1.1") == "response"


def test_several_missing_things_are_joined_in_one_sentence():
    said = plain.not_rated(("L2 was not assessed", "nothing is entered for L3", "L4 has no short axis"))

    assert said == (
        "This visit cannot be rated because L2 was not assessed, nothing is entered for L3 and L4 has no short axis."
    )


def test_a_lymph_node_that_is_left_at_normal_size_is_explained():
    assert plain.size(samples.CR_ONCE).endswith("A lymph node of normal size still has a size.")


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (samples.PR_CONFIRMED.episodes[0].episode, "Yes. This was shown on 6 October 2025."),
        (samples.CR_ONCE.episodes[0].episode, "Not known yet. A check on or after 20 March 2026 can answer it."),
        (
            samples.OVERDUE_REMISSION.episode,
            "Not known yet. A check can answer it since 1 December 2025; none has been entered.",
        ),
        (
            samples.SHORT_REMISSION.episode,
            "No. It ended on 24 November 2025, after 21 days, and no check had shown it again.",
        ),
    ],
    ids=["yes", "not yet", "overdue", "no"],
)
def test_whether_it_lasted_a_month_is_answered_in_one_sentence(one, said):
    assert said == plain.lasting(one, samples.TODAY)


def test_an_anniversary_is_time_without_evidence_of_return():
    confirmed = verdict.Milestone("3y", day("2023-06-01"), "confirmed")

    assert plain.milestone(confirmed, day("2025-11-03")) == (
        "3 years without evidence of return on tests (1 June 2023): shown by a check."
    )


# Text that somebody typed


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("P01", "P01"),
        ("a\nb\tc", "a b c"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("P\u202e10", r"P\u202e10"),
        ("P01\u200b", r"P01\u200b"),
        ("\x9b2J", r"\x9b2J"),
        ("\ud800", r"\ud800"),
        ("José 肺 🫁", "José 肺 🫁"),
    ],
)
def test_what_cannot_be_seen_is_spelled_out(typed, shown):
    assert shown == words.clean(typed)


@given(st.text(st.characters(), max_size=60))
def test_no_text_can_steer_a_terminal(typed):
    shown = words.clean(typed)

    assert not re.search("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", shown)
    assert shown == words.clean(shown)


@pytest.mark.parametrize("kind", [verdict.COMPLETE, verdict.PARTIAL, verdict.PROGRESSION])
@pytest.mark.parametrize("criteria", ["markers", "blood-cml-eln-2020"])
def test_a_marker_or_a_gene_in_blood_is_told_in_words_of_its_own(criteria, kind):
    row = replace(samples.PR_CONFIRMED, criteria=criteria, current_kind=kind, progression_on=None)
    said = plain.state(row)

    assert not any(word in said for word in ("tumour", "remission", "area", "scan"))
    assert plain.short(kind, row.word, criteria)
