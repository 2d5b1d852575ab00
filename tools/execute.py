"""Run the book's notebooks from a clean kernel and store what they print and draw.

    python tools/execute.py                      every notebook in book/
    python tools/execute.py book/1-2-….ipynb     these
    python tools/execute.py --check              run copies and store nothing

A notebook is replaced only when all of it ran and it keeps every rule of ``tools/notebooks.py``.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

sys.path.insert(0, str(Path(__file__).resolve().parent))
from notebooks import (
    LARGEST,
    WIDGET_VIEW,
    chapters,
    faults,
    joined,
    place_setup,
    repository_url,
)

SLOW = 45.0  # seconds after which a chapter is too slow for its readers
CELL_TIMEOUT = 300  # seconds
THREADS = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
)
KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
LANGUAGE = {
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "pygments_lexer": "ipython3",
}
KEPT_METADATA = ("lstmlab", "mystnb")
DROPPED_CELL_METADATA = ("execution", "ExecuteTime", "collapsed", "id", "outputId", "trusted")


def run(notebook: NotebookNode, folder: Path) -> float:
    """Execute `notebook` in place, its kernel started in `folder`; return the seconds it took.

    Raises
    ------
    CellExecutionError, CellTimeoutError, DeadKernelError
        If a cell raises, takes more than ``CELL_TIMEOUT`` seconds, or ends the kernel.
    """
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=CELL_TIMEOUT,
        record_timing=False,
        store_widget_state=False,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
    )
    start = time.perf_counter()
    client.execute(env=os.environ | THREADS)
    return time.perf_counter() - start


def tidy(notebook: NotebookNode) -> None:
    """Leave nothing in `notebook` that differs between two machines or two identical runs."""
    kept = {key: notebook.metadata[key] for key in KEPT_METADATA if key in notebook.metadata}
    notebook.metadata = nbformat.from_dict(
        {**kept, "kernelspec": KERNELSPEC, "language_info": LANGUAGE}
    )
    for cell in notebook.cells:
        for key in DROPPED_CELL_METADATA:
            cell.metadata.pop(key, None)
        if cell.cell_type != "code":
            continue
        cell.outputs = _merged(cell.outputs)
        for output in cell.outputs:
            if "text/html" in output.get("data", {}):
                output.data.pop(WIDGET_VIEW, None)
                output.metadata.pop(WIDGET_VIEW, None)


def _merged(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """`outputs` with neighbouring pieces of one stream joined: where they break is chance."""
    merged: list[NotebookNode] = []
    for output in outputs:
        last = merged[-1] if merged else None
        if (
            last is not None
            and last.output_type == output.output_type == "stream"
            and last.name == output.name
        ):
            last.text = joined(last.text) + joined(output.text)
        else:
            merged.append(output)
    return merged


def store(notebook: NotebookNode, path: Path) -> None:
    """Write `notebook` to `path`, whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            nbformat.write(notebook, file)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(path.stat().st_mode & 0o777)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def process(path: Path, *, keep: bool) -> list[str]:
    """Run the notebook at `path`, store it if `keep`, print its seconds; return its faults."""
    notebook = nbformat.read(path, as_version=4)
    place_setup(notebook, repository_url())
    try:
        seconds = run(notebook, path.parent)
    except CellExecutionError as error:
        return [f"a cell raises\n{error}"]
    except CellTimeoutError:
        return [f"a cell takes more than {CELL_TIMEOUT} s"]
    except DeadKernelError:
        return ["the kernel died: it was interrupted, or ran out of memory"]
    tidy(notebook)
    found = list(faults(notebook))
    size = len(nbformat.writes(notebook).encode())
    if size > LARGEST:
        found.append(f"is {size:,} bytes, more than {LARGEST:,}: draw fewer or smaller frames")
    if keep and not found:
        store(notebook, path)
    slow = f"  (more than {SLOW:.0f} s: too slow for its readers)" if seconds > SLOW else ""
    print(f"{seconds:7.1f} s  {size / 1000:7.0f} kB  {path.name}{slow}", flush=True)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run the notebooks named in `arguments`; return 1 if one was refused, 2 if none was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="all in book/ unless named")
    parser.add_argument("--check", action="store_true", help="run, but store nothing")
    options = parser.parse_args(arguments)
    paths = [path.resolve() for path in options.notebooks] or chapters()
    missing = [path for path in paths if not path.is_file()]
    if missing or not paths:
        print(f"execute: no notebook at {', '.join(map(str, missing)) or 'book/'}", file=sys.stderr)
        return 2
    refused = 0
    for path in paths:
        found = process(path, keep=not options.check)
        refused += bool(found)
        for fault in found:
            print(f"{path.name}: {fault}", file=sys.stderr)
    if refused:
        print(f"execute: {refused} of {len(paths)} notebooks refused and left as they were",
              file=sys.stderr)
    return 1 if refused else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("execute: interrupted; the notebook that was running is as it was")
