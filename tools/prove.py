"""Run every chapter again and compare each printed result with the one that is stored.

A chapter runs in a folder that holds nothing else, so that a reader may keep it anywhere. With it
its student notebook runs in a kernel of its own, without the code that the two share to the letter
and that no exercise changes. There a cell may raise NotImplementedError, as a stub does, and
nothing else; and every check must say that its exercise is not written yet.

A chapter whose metadata says ``"lstmlab": {"data": ["music"]}`` was stored from a run on the real
set. Where that set is found its outputs are compared like any other's; where it is not, the
chapter runs on the default data, its assertions must hold, and its text is not compared.

A chapter that imports torch is left out, and said to be, where torch is not installed.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import nbformat

sys.path.insert(0, str(Path(__file__).resolve().parent))
from notebooks import ROOT, chapters, faults, student_path

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


def imports_torch(path: Path) -> bool:
    """Whether a cell of the notebook at `path` cannot do without torch."""
    cells = nbformat.read(path, as_version=4).cells
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    return re.search(r"^(import|from) torch\b", code, re.MULTILINE) is not None


def command(path: Path, *, strict: bool) -> list[str]:
    """The pytest command that runs the notebook at `path` against its stored outputs."""
    return [
        *(sys.executable, "-m", "pytest", "-c", os.devnull, f"--rootdir={ROOT}", "-q"),
        *("-p", "no:cacheprovider", "-p", "no:xdist"),
        "--nbval" if strict else "--nbval-lax",
        *("--nbval-current-env", "--nbval-sanitize-with", str(SANITIZE)),
        f"--nbval-cell-timeout={CELL_TIMEOUT}",
        str(path),
    ]


def student_command(chapter: Path) -> list[str]:
    """The command that runs the student notebook of a `chapter` that is proved."""
    tool = str(ROOT / "tools" / "student_runs.py")
    return [sys.executable, tool, "--proved", str(chapter.parent), str(student_path(chapter))]


def proved(name: str, arguments: list[str]) -> bool:
    """Run one proof and say how it went, with all it printed if it failed."""
    done = subprocess.run(
        arguments,
        cwd=ROOT,
        env=os.environ | {"PYDEVD_DISABLE_FILE_VALIDATION": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    ok = done.returncode == 0  # a process ended by a signal has a negative code
    lines = done.stdout.strip().splitlines() or [f"ended with {done.returncode}"]
    said = "" if ok else "\n" + "\n".join(lines)
    print(f"prove: {'holds' if ok else 'FAILS'}: {name}{said}", flush=True)
    return ok


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
    if find_spec("torch") is None:
        for path in filter(imports_torch, paths):
            print(f"prove: {path.name} is left out: it needs torch, which is not installed")
        paths = [path for path in paths if not imports_torch(path)]
    with tempfile.TemporaryDirectory() as folder:
        return 0 if all(proofs(paths, Path(folder), options.jobs)) else 1


def proofs(paths: list[Path], folder: Path, jobs: int) -> list[bool]:
    """Which proofs of these chapters and their student notebooks hold, run in `folder`."""
    todo: list[tuple[str, list[str]]] = []
    for n, path in enumerate(paths):
        missing = missing_data(path, available)
        how = "assertions only" if missing else "compared to the letter"
        alone = folder / str(n) / path.name
        alone.parent.mkdir()
        shutil.copyfile(path, alone)
        todo.append((f"{path.name}, {how}", command(alone, strict=not missing)))
        if missing:
            print(
                f"prove: {path.name} was stored from a run on real data, and {', '.join(missing)} "
                "is not here (LSTMLAB_DATA): it runs on the default data, text not compared"
            )
    for path in paths:
        if student_path(path).is_file():
            todo.append((f"student/{path.name}, nothing solved", student_command(path)))
    print(f"prove: runs of notebooks: {len(todo)}, at once: {jobs}", flush=True)
    pool = ThreadPoolExecutor(jobs)
    try:
        return [*pool.map(lambda proof: proved(*proof), todo)]
    finally:
        pool.shutdown(cancel_futures=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("prove: interrupted; nothing is proved")
