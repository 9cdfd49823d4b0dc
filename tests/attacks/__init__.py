"""
Attacks on the record: kills, full disks, altered bytes, strange files, two writers at once.

Each is a function of (tries, seed) that returns an `Outcome`; `tests/test_attacks.py` runs them short in
`make test`, `make torture` long, printing one table. No attack knows the inside of what it attacks, beyond
the ways in that any command has.
"""
