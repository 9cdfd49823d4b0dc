# Everything here works on a fresh machine with make and Python 3.11 or newer: the first call builds
# .venv, the next ones find it ready. `make PYTHON=/path/to/python3.12 test` chooses the Python.

PYTHONS := $(if $(PYTHON),$(PYTHON),python3 python3.14 python3.13 python3.12 python3.11 python)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench docs torture clean

help: ## say what can be made
	@echo "make demo     see it work: invented patients, and real ones from a published trial"
	@echo "make test     lint, types, all tests and the README against its commands, as CI runs them"
	@echo "make lint     ruff and mypy alone"
	@echo "make bench    print start-up and volume as ratios measured in one run (some minutes)"
	@echo "make docs     run the commands of README.md again and put their output in"
	@echo "make torture  attack the record: kills, full disks, flipped bits ... and the properties at length (an hour);"
	@echo "              make torture ATTACK=kill TRIES=1000 SEED=7 for one row of its table again"
	@echo "make clean    remove .venv and everything else that make, tests and builds left here"

EXCERPT := sample_data/atezolizumab_excerpt.csv
# Columns of that file in our words; the trial published days of treatment, no dates, so day 0 is made up.
COLUMNS_OF_EXCERPT := --map patient_id=Patient_Anonmyized --map day=Treatment_Day \
	--map longest_mm=TargetLesionLongDiam_mm --set lesion_id=T1 --day-zero 2020-01-01 --partial

demo: .venv/ready
	@$(BIN)/remtrack demo
	@echo; echo "Twelve real patients of a published trial (source and licence: sample_data/README.md)"
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	export REMTRACK_DB="$$folder/real.db" REMTRACK_TODAY=2021-12-31 && \
	echo "$$ remtrack import $(EXCERPT) ..." && \
	$(BIN)/remtrack import $(EXCERPT) $(COLUMNS_OF_EXCERPT) --rejects "$$folder/rejects.csv" && \
	echo && echo "$$ remtrack remission" && $(BIN)/remtrack remission --format table

# README.md is checked with cog by tests/test_docs.py.
test: lint .venv/ready-dev
	@$(BIN)/python -m pytest -n 2

lint: .venv/ready-dev
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy --no-error-summary

bench: .venv/ready
	@$(BIN)/python tests/bench.py $(BENCH)

docs: .venv/ready-dev
	@$(BIN)/python -c "from remtrack.cli.app import help_text; print(help_text(), end='')" > remtrack/cli/help.new
	@mv remtrack/cli/help.new remtrack/cli/help.txt
	@$(BIN)/cog -r -I tests README.md

# The attacks first, each with the tries it deserves; then the properties with 2,000 fresh examples each.
torture: .venv/ready-dev
	@PYTHONPATH=tests $(BIN)/python -m attacks $(ATTACK) $(if $(TRIES),--tries $(TRIES)) \
	    $(if $(SEED),--seed $(SEED)) $(if $(FIRST),--first $(FIRST))
	@[ -n "$(ATTACK)" ] || $(BIN)/python -m pytest -n 2 -m hypothesis --hypothesis-profile=torture

clean:
	@rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find remtrack tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps below are touched last, so a step that was interrupted is done again.

.venv/made:
	@for python in $(PYTHONS); do \
	    $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	    $$python -c 'import ensurepip, venv' 2>/dev/null || { bare=$$python; continue; }; \
	    echo "Setting up .venv with $$($$python --version), this once; it takes about a minute ..."; \
	    $$python -m venv --clear .venv && touch $@; \
	    exit; \
	done; \
	if [ -n "$$bare" ]; then \
	    echo "error: $$($$bare --version) is here, but not its parts venv and ensurepip" >&2; \
	    echo "  hint: install them (Debian and Ubuntu: apt install python3-venv), then try again" >&2; \
	else \
	    echo "error: no Python 3.11 or newer was found; looked for: $(PYTHONS)" >&2; \
	    echo "  hint: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; \
	fi; \
	exit 1

.venv/ready: .venv/made pyproject.toml
	@$(PIP) install --editable ".[xlsx]" || { \
	    echo "error: the packages remtrack needs could not be installed; pip says why above" >&2; exit 1; }
	@touch $@

.venv/ready-dev: .venv/made pyproject.toml
	@$(PIP) install --editable ".[all,dev]" || { \
	    echo "error: the packages the tests need could not be installed; pip says why above" >&2; exit 1; }
	@touch .venv/ready $@
