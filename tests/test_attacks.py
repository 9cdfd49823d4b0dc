"""The attacks, short: what `make torture` tries a thousand times is tried here a few dozen times."""

import os

import pytest
from attacks import alterations, kills

ON_POSIX = hasattr(os, "fork")


@pytest.mark.parametrize(
    ("attack", "tries"),
    [
        (kills.kill, 104),
        (kills.interrupt, 21),
        (kills.interrupted_code, 20),
        (kills.full_disk, 12),
        (kills.two_writers, 50),
        (alterations.flip, 40),
        (alterations.change_row, 60),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_the_record_survives(attack, tries):
    outcome = attack(tries, seed=20261122)

    assert outcome.failures == []
    assert outcome.tries >= tries
