"""
The drawing of the house, held by reading the imports.

    cli -> tracker -> store, exchange, fold, episodes, criteria -> verdict, model, errors, words
    cli -> show -> views, verdict, words

An import inside a function or under TYPE_CHECKING counts like any other here: what a module knows
of is what it depends on. Only the test on heavy libraries looks at where the import stands.
"""

import ast
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "remtrack"
MODULES = sorted(PACKAGE.rglob("*.py"))

BASE = {"verdict", "views", "model", "errors", "words"}

# What each part may import. A name with a dot allows that one module of a part and no other.
DRAWING = {
    "": {"fold", "verdict", "model"},  # remtrack/__init__.py: the public names
    "__main__": {"", "cli"},
    "cli": {"", "tracker", "show", "store", "exchange.cells", *BASE},
    "tracker": {"", "store", "exchange", "fold", "episodes", "criteria", *BASE},
    "show": {"exchange.formulas", "verdict", "views", "words", "errors"},
    "store": {"", "criteria", *BASE},
    "exchange": {"", *BASE},
    "fold": {"criteria", "episodes", "verdict", "model", "errors"},
    "episodes": {"verdict", "model", "errors"},
    "criteria": {"episodes", "verdict", "model", "errors"},
    "words": {"verdict", "views", "model", "errors"},
    "errors": {"verdict"},
    "verdict": set(),
    "views": {"verdict"},
    "model": set(),
}
# `cli` opens the record that it hands to a use case; what is in it is the tracker's business.
CLI_MAY_TAKE_FROM_STORE = {"open_record", "Record"}
# The store stamps answers with the revision of their family; it judges nothing, so it loads none.
STORE_MAY_TAKE_FROM_CRITERIA = {"FAMILIES"}

PURE = {"model", "verdict", "views", "fold", "episodes", "criteria"}
PURE_MAY_IMPORT = {
    "__future__",
    "bisect",
    "calendar",
    "collections",
    "collections.abc",
    "dataclasses",
    "datetime",
    "dateutil.relativedelta",
    "decimal",
    "difflib",
    "enum",
    "fractions",
    "functools",
    "importlib",  # criteria/__init__ loads a family by its id
    "itertools",
    "math",
    "operator",
    "re",
    "string",
    "types",
    "typing",
}
ASKS_THE_CLOCK = {"today", "now", "utcnow", "fromtimestamp", "localtime", "gmtime"}
TOUCHES_THE_WORLD = {"print", "input", "open", "exec", "eval", "__import__"}

# Heavy libraries, and the modules that may import them on loading because they are themselves loaded
# only by the function that needs them. Everyone else imports them inside that function.
HEAVY = {
    "rich": {"show.table"},
    "sqlite_utils": {"store.migrations"},
    "dateutil.parser": set(),
    "openpyxl": {"exchange.workbook"},
    "importlib.metadata": set(),
}
LONGEST_MODULE = 600  # lines; longer than that nobody reads it whole


class Import(NamedTuple):
    target: str  # "sqlite3", "dateutil.relativedelta"; our own: ".store", ".exchange.cells", "." for the package
    name: str  # what was taken from it, "" for the module itself
    on_loading: bool


def name_of(path):
    """`store/facts.py` is "store.facts", `store/__init__.py` is "store", the package itself ""."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def part_of(module):
    return module.split(".", maxsplit=1)[0]


def imports(path):
    """Every import of a file, ours resolved to a name that begins with a dot."""
    package = path.relative_to(PACKAGE).parent.parts
    found = []

    def visit(node, *, on_loading):
        if isinstance(node, ast.Import):
            found.extend(Import(alias.name, "", on_loading) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                above = package[: len(package) - node.level + 1]
                base = "." + ".".join([*above, *(node.module or "").split(".")]).strip(".")
            else:
                base = node.module
            for alias in node.names:
                inner = PACKAGE.joinpath(*base.strip(".").split("."), alias.name) if base.startswith(".") else None
                if inner and (inner.with_suffix(".py").exists() or inner.is_dir()):
                    found.append(Import(f"{base.rstrip('.')}.{alias.name}", "", on_loading))
                else:
                    found.append(Import(base, alias.name, on_loading))
        waits = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        waits = waits or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
        for child in ast.iter_child_nodes(node):
            visit(child, on_loading=on_loading and not waits)

    visit(ast.parse(path.read_text(encoding="utf-8")), on_loading=True)
    ours = "remtrack"
    return [
        one._replace(target="." + one.target.removeprefix(ours).strip(".")) if part_of(one.target) == ours else one
        for one in found
    ]


def calls(path):
    """The last name of everything called in a file, with its line: `date.today()` is "today"."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                yield node.func.attr, node.lineno
            elif isinstance(node.func, ast.Name):
                yield node.func.id, node.lineno


def is_or_is_in(module, library):
    return module == library or module.startswith(f"{library}.")


every_module = pytest.mark.parametrize("path", MODULES, ids=lambda path: name_of(path) or "remtrack")
pure_modules = pytest.mark.parametrize(
    "path", [path for path in MODULES if part_of(name_of(path)) in PURE], ids=name_of
)


@every_module
def test_imports_run_one_way(path):
    part = part_of(name_of(path))
    assert part in DRAWING, f"{part} is not in the drawing"
    astray = []
    for one in imports(path):
        if one.target.startswith("."):
            target = one.target.strip(".")
            allowed = part_of(target) == part or target in DRAWING[part] or part_of(target) in DRAWING[part]
            if not allowed:
                astray.append(f"{part} -> {target or 'remtrack'}")

    assert astray == []


def test_the_commands_take_from_the_store_only_what_opens_a_record():
    taken = {one.name for path in (PACKAGE / "cli").rglob("*.py") for one in imports(path) if one.target == ".store"}

    assert taken <= CLI_MAY_TAKE_FROM_STORE


def test_the_store_knows_of_a_standard_only_its_id_and_revision():
    taken = {
        (one.target, one.name)
        for path in (PACKAGE / "store").rglob("*.py")
        for one in imports(path)
        if part_of(one.target.strip(".")) == "criteria"
    }

    assert taken <= {(".criteria", name) for name in STORE_MAY_TAKE_FROM_CRITERIA}


@pure_modules
def test_the_core_stands_on_the_standard_library_and_relativedelta_alone(path):
    foreign = {one.target for one in imports(path) if not one.target.startswith(".")}

    assert foreign <= PURE_MAY_IMPORT


@pure_modules
def test_the_core_is_told_the_day_and_never_asks_for_it(path):
    asked = [f"{name}() in line {line}" for name, line in calls(path) if name in ASKS_THE_CLOCK]

    assert asked == []


@pure_modules
def test_the_core_prints_nothing_and_opens_no_file(path):
    touched = [f"{name}() in line {line}" for name, line in calls(path) if name in TOUCHES_THE_WORLD]

    assert touched == []


@every_module
def test_only_the_store_names_sqlite3(path):
    named = {one.target for one in imports(path) if part_of(one.target) in {"sqlite3", "sqlite_utils"}}

    assert not named or part_of(name_of(path)) == "store"


@every_module
def test_heavy_libraries_are_loaded_where_they_are_needed(path):
    module = name_of(path)
    astray = [
        one.target if not one.name else f"{one.target}.{one.name}"
        for one in imports(path)
        for library, homes in HEAVY.items()
        if one.on_loading
        and (is_or_is_in(one.target, library) or is_or_is_in(f"{one.target}.{one.name}", library))
        and module not in homes
    ]

    assert astray == []


def test_no_module_is_excused_that_needs_no_excuse():
    homes = {(library, home) for library, excused in HEAVY.items() for home in excused}
    used = {
        (library, name_of(path))
        for path in MODULES
        for one in imports(path)
        for library in HEAVY
        if one.on_loading and is_or_is_in(one.target, library)
    }

    assert homes <= used


@every_module
def test_no_module_is_longer_than_a_person_reads(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE


@every_module
def test_a_file_opens_by_saying_what_lives_in_it(path):
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_the_extra_called_all_is_every_extra_a_user_may_want():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    wanted = ",".join(sorted(extras.keys() - {"all", "dev"}))

    assert extras["all"] == [f"remtrack[{wanted}]"]
