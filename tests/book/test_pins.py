"""Everything that names a version names the same one: a chapter runs as it was tested."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

PIN = re.compile(r"([A-Za-z0-9][\w.-]*)==([\w.+!]+)")


def pins(path: Path) -> dict[str, str]:
    """Every package a requirements file names, and its version; a package without one fails."""
    found: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        entry = line.split("#")[0].strip()
        if not entry or entry.startswith("-"):
            continue
        pin = PIN.fullmatch(entry)
        assert pin, f"{path.name} names {entry!r} without an exact version"
        name = re.sub(r"[-_.]+", "-", pin[1]).lower()
        assert name not in found, f"{path.name} names {name} twice"
        found[name] = pin[2]
    assert found, f"{path.name} names no package"
    return found


def disagreements(pinned: dict[str, str], agreed: dict[str, str]) -> list[str]:
    """Packages of `pinned` that `agreed` has at another version, or lacks."""
    return [
        f"{name}: {version}, not {agreed.get(name)}"
        for name, version in pinned.items()
        if agreed.get(name) != version
    ]


def torch_pins(path: Path) -> list[str]:
    """Versions of torch that a Makefile or a script sets, in order."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [version for line in lines for version in re.findall(r"\btorch==([\w.+]+)", line)]


def test_requirements_and_constraints_name_the_same_versions(root: Path) -> None:
    assert disagreements(pins(root / "requirements.txt"), pins(root / "constraints.txt")) == []


def test_binder_gets_the_versions_the_chapters_were_run_with(root: Path) -> None:
    binder = pins(root / "binder" / "requirements.txt")
    assert disagreements(binder, pins(root / "requirements.txt")) == []


def test_binder_gets_everything_the_package_needs(root: Path) -> None:
    """``binder/postBuild`` installs the package without what it depends on."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {re.split(r"[^\w-]", entry, maxsplit=1)[0] for entry in project["dependencies"]}
    assert needed - set(pins(root / "binder" / "requirements.txt")) == set()


def test_torch_is_pinned_once_and_the_same_everywhere(root: Path) -> None:
    named = {name: torch_pins(root / name) for name in ("Makefile", "binder/postBuild")}
    assert [name for name, versions in named.items() if len(versions) != 1] == []
    elsewhere = pins(root / "requirements.txt") | pins(root / "constraints.txt")
    versions = {versions[0] for versions in named.values()} | (
        {elsewhere["torch"]} if "torch" in elsewhere else set()
    )
    assert len(versions) == 1, named


def test_binder_runs_a_python_the_package_supports(root: Path) -> None:
    runtime = (root / "binder" / "runtime.txt").read_text(encoding="utf-8").strip()
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    versions = [entry.rpartition(":: ")[2] for entry in project["classifiers"]]
    assert runtime.removeprefix("python-") in versions


@pytest.mark.parametrize(
    ("other", "complaints"),
    [
        ({"numpy": "2.0"}, []),
        ({"numpy": "2.1"}, ["numpy: 2.0, not 2.1"]),
        ({"scipy": "1.0"}, ["numpy: 2.0, not None"]),
    ],
    ids=["the same", "another version", "missing"],
)
def test_a_disagreement_is_named(other: dict[str, str], complaints: list[str]) -> None:
    assert disagreements({"numpy": "2.0"}, other) == complaints


def test_a_package_without_an_exact_version_is_named(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text("# first\n-c constraints.txt\nnumpy>=2.0  # loose\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="numpy>=2.0"):
        pins(path)
