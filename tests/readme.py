"""
What the cog blocks of README.md call: commands run for the page, shown as a person would see them.

`make docs` runs them and writes the page; `make test` runs them again and fails when the page says
something else. So that every run gives the same text, the commands work on a throw-away record in an
empty home, on a terminal of 80 columns without colour, on a fixed day; where a command says at what
time something was entered, the page has half past nine.
"""

import atexit
import inspect
import os
import re
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

from terminal import run_on_terminal

ROOT = Path(__file__).resolve().parent.parent
TODAY = "2026-11-02"
COLUMNS = 80
RECORD = "tumors.db"

_HOME = Path(tempfile.mkdtemp(prefix="remtrack-readme-")).resolve()
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
(_HOME / "sample_data").symlink_to(ROOT / "sample_data")
_CLOCK = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)? ?[+-]\d\d:\d\d")


def run(command, record=RECORD):
    """Run one command line in the throw-away home and return what its terminal showed."""
    words = shlex.split(command)
    if words[0] != "remtrack":
        raise ValueError(f"the page runs remtrack, not {words[0]}")
    surrounding = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    surrounding |= {
        "HOME": str(_HOME),
        "LOGNAME": "ann",
        "NO_COLOR": "1",
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
        "REMTRACK_DB": record,
        "REMTRACK_TODAY": TODAY,
        "TERM": "dumb",
        "TZ": "UTC",
    }
    here = Path.cwd()
    os.chdir(_HOME)
    try:
        code, shown = run_on_terminal([sys.executable, "-m", *words], env=surrounding, columns=COLUMNS)
    finally:
        os.chdir(here)
    if code not in {0, 1}:
        raise RuntimeError(f"{command}\nended with {code}:\n{shown}")
    shown = _CLOCK.sub(f"{TODAY} 09:30 +00:00", shown.replace(str(_HOME), "~"))
    return "\n".join(line.rstrip() for line in shown.strip("\n").splitlines())


def quietly(*commands, record=RECORD):
    """Run commands that the page needs and does not show."""
    for command in commands:
        run(command, record)


def show(*commands, record=RECORD):
    """Write a console block: each command and what it showed."""
    blocks = [f"$ {command}\n{run(command, record)}" for command in commands]
    write("\n```console\n" + "\n\n".join(blocks) + "\n```\n")


def write(text):
    """Put text into the page, on lines of its own."""
    import cog  # there only while cog runs the page

    cog.outl(text)


def reference():
    """Write the help of every command, and of every command of a group."""
    for command in subcommands(run("remtrack --help")):
        lines = run(f"remtrack {command} --help")
        write(f"\n<details><summary><code>remtrack {command}</code>: {purpose(lines)}</summary>\n\n```text\n{lines}")
        for word in subcommands(lines):
            write("\n" + run(f"remtrack {command} {word} --help"))
        write("```\n\n</details>")
    write("")


def families():
    """Write one row a family: what it is for, its word, what it reads."""
    from remtrack.criteria import FAMILIES
    from remtrack.tracker.standards import describe

    rows = []
    for name in FAMILIES:
        family = describe(name)  # what `criteria show` prints
        inputs = ", ".join(f"`{one['name']}`" for one in family["inputs"])
        codes = ", ".join(one["code"] for one in family["categories"])
        rows.append((f"`{name}`", family["title"], family["word"], codes, inputs, family["source"]))
    table(("family", "standard", "word", "categories", "reads", "source"), rows)


def rules(criteria):
    """Write the categories, the rule tables and the settings of a family."""
    from remtrack.criteria import load_family

    family = load_family(criteria)
    write(f"\n### {family.title}\n\n{family.source}\n")
    table(("category", "means", "in everyday words"), [(one.code, one.label, one.plain) for one in family.categories])
    for one in family.tables:
        write(f"**{one.title}** (the first row that holds decides)\n")
        table(
            ("rule", "gives", "when", "and says", "source"),
            [(f"`{rule.id}`", rule.category, rule.when, sentence(rule.sentence), rule.source) for rule in one.rules],
        )
    _, heading, reading = inspect.getdoc(inspect.getmodule(type(family))).partition("Our reading")
    write(f"```text\n{heading}{reading.rstrip()}\n```\n")
    write("**Settings** of a line, `remtrack line set PATIENT LINE NAME=VALUE`\n")
    table(
        ("setting", "default", "takes", "what it is for"),
        [(f"`{one.name}`", one.default, one.allowed, one.help) for one in family.settings],
    )


def table(header, rows):
    """Write a table."""
    for cells in (header, ("---",) * len(header), *rows):
        write("| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    write("")


def sentence(template):
    """A rule's sentence with what stands in for its numbers: "{sum_mm} mm" becomes "_sum_ mm"."""
    said = re.sub(r"\{(\w+)_because\}", r"_reason of \1_", template)
    return re.sub(r"\{(\w+?)(?:_(?:mm|pct|on|said))?\}", lambda name: f"_{name[1].replace('_', ' ')}_", said)


def purpose(help_text):
    """The first sentence of a help page: what stands under its usage."""
    paragraphs = help_text.split("\n\n")
    sentence = " ".join(paragraphs[1].split()) if len(paragraphs) > 1 else ""
    return sentence.split(": ")[0].rstrip(".")


def subcommands(help_text):
    """The commands that a help page lists."""
    _, _, listed = help_text.partition("\nCommands:\n")
    return re.findall(r"^  (\S+)", listed, flags=re.MULTILINE)
