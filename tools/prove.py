"""Run every chapter again and compare each printed result with the one that is stored.

A chapter whose metadata says ``"lstmlab": {"data": ["music"]}`` was stored from a run on the real
set. Where that set is found its outputs are compared like any other's; where it is not, the
chapter runs on the default data, its assertions must hold, and its text is not compared.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat

sys.path.insert(0, str(Path(__file__).resolve().parent))
from notebooks import ROOT, chapters, faults

CELL_TIMEOUT = 300  # seconds
SANITIZE = ROOT / "tests" / "book" / "nbval_sanitize.cfg"
GENERATED = "generated"


def missing_data(path: Path, source: Callable[[str], str]) -> list[str]:
    """Names of the real data sets that the chapter at `path` was run on and `source` lacks.

    Parameters
    ----------
    path : Path
        A notebook.
    source : callable
        Gives the source that a data set's name would be loaded from, "generated" for the default.
    """
    metadata = nbformat.read(path, as_version=4).metadata
    names = metadata.get("lstmlab", {}).get("data", [])
    if not isinstance(names, list):
        raise ValueError(f'{path.name}: metadata lstmlab.data must be a list, not {names!r}')
    return [name for name in names if source(name) == GENERATED]


def command(paths: list[Path], *, strict: bool, jobs: int) -> list[str]:
    """The pytest command that runs the notebooks at `paths` against their stored outputs."""
    return [
        *(sys.executable, "-m", "pytest", "-c", os.devnull, f"--rootdir={ROOT}", "-q"),
        *("-p", "no:cacheprovider", "-n", str(min(jobs, len(paths))), "--dist", "loadfile"),
        "--nbval" if strict else "--nbval-lax",
        *("--nbval-current-env", "--nbval-sanitize-with", str(SANITIZE)),
        f"--nbval-cell-timeout={CELL_TIMEOUT}",
        *map(str, paths),
    ]


def available(name: str) -> str:
    """Source that ``lstmlab.tasks.load(name)`` would take."""
    from lstmlab import tasks

    return tasks.available(name)


def main(arguments: list[str] | None = None) -> int:
    """Prove the notebooks named in `arguments`, or all; return 0 only if every one holds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="all in book/ unless named")
    parser.add_argument("--jobs", type=int, default=2, help="notebooks run at once")
    options = parser.parse_args(arguments)
    if options.jobs < 1:
        parser.error(f"--jobs must be at least 1, not {options.jobs}")
    paths = [path.resolve() for path in options.notebooks] or chapters()
    if not paths:
        print("prove: book/ holds no notebook, so nothing is proved", file=sys.stderr)
        return 1
    stale = [f"{path.name}: {fault}" for path in paths
             for fault in faults(nbformat.read(path, as_version=4))]
    if stale:
        print("\n".join(stale), file=sys.stderr)
        return 1
    strict: list[Path] = []
    lax: list[Path] = []
    for path in paths:
        missing = missing_data(path, available)
        (lax if missing else strict).append(path)
        if missing:
            print(
                f"prove: {path.name} was stored from a run on real data, and {', '.join(missing)} "
                "is not here (LSTMLAB_DATA): it runs on the default data, text not compared"
            )
    sys.stdout.flush()
    for name, group in (("compared to the letter", strict), ("assertions only", lax)):
        if group:
            print(f"prove: {name}: {', '.join(path.name for path in group)}", flush=True)
    codes = [
        subprocess.run(command(group, strict=group is strict, jobs=options.jobs), cwd=ROOT,
                       env=os.environ | {"PYDEVD_DISABLE_FILE_VALIDATION": "1"}, check=False)
        .returncode
        for group in (strict, lax)
        if group
    ]
    return 1 if any(codes) else 0  # a process ended by a signal has a negative code


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("prove: interrupted; nothing is proved")
