"""
`make torture`: try every attack as often as it deserves, and print one table.

    python -m attacks [ATTACK ...] [--tries N] [--seed N] [--first N]

One try is had again with its attack, the seed and `--tries 1 --first NUMBER`; what depends on the clock (kills, two
programs at once) comes out alike, not the same. Exit 1 when anything failed.
"""

import argparse
import math
import os
import platform
import random
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context

from .base import Outcome
from .catalogue import ATTACKS

_SHOWN = 20  # failures of one attack


def main():
    asked = parsed()
    fixed_surroundings()
    cores = os.cpu_count() or 1
    day = datetime.now(UTC).strftime("%Y-%m-%d")
    print(f"{day}, Python {platform.python_version()} on {platform.system()}, {cores} cores, seed {asked.seed}\n")
    print("| attack | tries | failures | seconds | remark |\n| --- | ---: | ---: | ---: | --- |", flush=True)
    failed = False
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        for name in asked.attack or ATTACKS:
            began = time.monotonic()
            outcome = tried(pool, cores, name, asked)
            seconds = f"{time.monotonic() - began:.0f}"
            remark = "; ".join((ATTACKS[name].what, *([said(outcome.remark)] if outcome.remark else [])))
            print(f"| {name} | {outcome.tries:,} | {len(outcome.failures)} | {seconds} | {remark} |", flush=True)
            for failure in outcome.failures[:_SHOWN]:
                print(f"{name}, {failure}", file=sys.stderr, flush=True)
            failed |= bool(outcome.failures)
    return int(failed)


def parsed():
    parser = argparse.ArgumentParser(prog="python -m attacks", description="Attack the record; print one table.")
    parser.add_argument("attack", nargs="*", metavar="ATTACK", help=", ".join(ATTACKS))
    parser.add_argument("--tries", type=int, help="how often, else as often as the attack deserves")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="else a new one each time")
    parser.add_argument("--first", type=int, default=0, help="the number of the first try")
    asked = parser.parse_args()
    unknown = [name for name in asked.attack if name not in ATTACKS]
    if unknown:
        parser.error(f"no attack {unknown[0]}; there are: {', '.join(ATTACKS)}")
    return asked


def fixed_surroundings():
    """No attack sees the record, the name or the day of whoever runs it."""
    for name in [name for name in os.environ if name.startswith("REMTRACK_")]:
        del os.environ[name]
    os.environ |= {"REMTRACK_TODAY": "2026-11-02", "LOGNAME": "tester", "COLUMNS": "80"}


def tried(pool, cores, name, asked):
    """Run one attack, its tries shared out among the cores where that is possible."""
    attack = ATTACKS[name]
    tries = asked.tries or attack.long
    if attack.whole:
        return pool.submit(attack.function, tries, asked.seed).result()
    size = math.ceil(tries / (cores * 8))
    parts = [(first, min(size, tries - first)) for first in range(0, tries, size)]
    running = [pool.submit(attack.function, many, asked.seed, asked.first + first) for first, many in parts]
    return together([part.result() for part in running])


def together(outcomes):
    """Add up what came of the parts of an attack."""
    remark = next((part.remark for part in outcomes if isinstance(part.remark, str)), None)
    return Outcome(
        sum(part.tries for part in outcomes),
        [failure for part in outcomes for failure in part.failures],
        sum((part.remark for part in outcomes), Counter()) if remark is None else remark,
    )


def said(remark):
    return remark if isinstance(remark, str) else ", ".join(f"{often:,} {what}" for what, often in remark.items())


if __name__ == "__main__":
    sys.exit(main())
