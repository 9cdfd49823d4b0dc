"""
Installs a package for a test the way an installer does, without one and without a network.

What pip leaves behind is the package and a folder of metadata beside it; both are put into a folder that
goes on the path.
"""

import os
import shutil
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "tests" / "plugin_example"


def install_example(site):
    """Install the package of `plugin_example`, by its own pyproject.toml."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    shutil.copytree(
        EXAMPLE / "remtrack_phoenix", site / "remtrack_phoenix", ignore=shutil.ignore_patterns("__pycache__")
    )
    write_metadata(site, project["name"], project["version"], project["entry-points"]["remtrack.criteria"])


def install(site, name, source, entries, version="0.3"):
    """Install a package of one module, which has this source and gives these entry points."""
    site.mkdir(exist_ok=True)
    (site / f"{name.replace('-', '_')}.py").write_text(source, encoding="utf-8")
    write_metadata(site, name, version, entries)


def write_metadata(site, name, version, entries):
    folder = site / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    lines = ["[remtrack.criteria]", *(f"{criteria} = {place}" for criteria, place in entries.items()), ""]
    (folder / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")


def uninstall(site, name, version):
    """Take away the metadata, without which nobody finds the package."""
    shutil.rmtree(site / f"{name.replace('-', '_')}-{version}.dist-info")


def path_with(site):
    """Return the surrounding in which Python finds the packages of that folder, beside this project."""
    return {"PYTHONPATH": os.pathsep.join([str(site), str(ROOT)])}
