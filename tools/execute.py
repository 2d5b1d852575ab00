"""Run the book's notebooks from a clean kernel and store what they print and draw.

    python tools/execute.py                      every notebook in book/
    python tools/execute.py book/1-2-….ipynb     these
    python tools/execute.py --check              run copies and store nothing
    python tools/execute.py --slow-ok            store a chapter even if it takes long

A notebook is replaced only when all of it ran, it keeps every rule of ``tools/notebooks.py``, and
its kernel took no more processor time and memory than a reader has. With a chapter of the book its
student notebook is written anew.
"""

from __future__ import annotations

import argparse
import ast
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

sys.path.insert(0, str(Path(__file__).resolve().parent))
from notebooks import (
    BOOK,
    LARGEST,
    WIDGET_VIEW,
    chapters,
    faults,
    joined,
    package_address,
    place_setup,
    student_path,
)

SLOW = 45.0  # seconds of the processor after which a chapter is too slow for its readers
LARGE = 2_000_000_000  # bytes of memory: what the book promises a reader
CELL_TIMEOUT = 300  # seconds
ANSWER_TIMEOUT = 60  # seconds for an idle kernel to say what it used
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


# Asked of the kernel after each cell and stored nowhere: processor seconds of it and of the
# processes it waited for, and its peak memory. Linux hands a large parent's ru_maxrss down to the
# kernel, so there the kernel's own VmHWM is read; macOS counts ru_maxrss in bytes.
ASKED = (
    "(lambda r, sys: (sum(sum(r.getrusage(who)[:2]) for who in (r.RUSAGE_SELF, r.RUSAGE_CHILDREN)),"
    " int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) * 1024"
    " if sys.platform == 'linux' else"
    " r.getrusage(r.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == 'darwin' else 1024)))"
    "(__import__('resource'), __import__('sys'))"
)


@dataclass(frozen=True)
class Cost:
    """What running a notebook took.

    Attributes
    ----------
    wall : float
        Seconds on the clock, which depend on what else the machine was doing.
    cpu : float
        Seconds of the processor that the kernel used, its start included.
    peak : int
        The most memory the kernel held, in bytes.
    """

    wall: float
    cpu: float
    peak: int


def cost_faults(cost: Cost, *, slow_ok: bool = False) -> list[str]:
    """Why a notebook of this `cost` is refused; empty if it is not. `slow_ok` excuses the time."""
    found: list[str] = []
    if cost.cpu > SLOW and not slow_ok:
        found.append(
            f"takes {cost.cpu:.1f} s of the processor, more than {SLOW:.0f} s: too slow for its "
            "readers; shorten it, or give --slow-ok"
        )
    if cost.peak > LARGE:
        found.append(
            f"holds {cost.peak / 1e9:.2f} GB at its peak, more than {LARGE / 1e9:.0f} GB: "
            "more than the book promises a reader"
        )
    return found


async def _usage(client: NotebookClient) -> tuple[float, int]:
    """Processor seconds and peak bytes of the kernel of `client`, in no cell and no history."""
    request = client.kc.execute(
        "", silent=True, store_history=False, user_expressions={"usage": ASKED}
    )
    while True:
        try:
            reply = await client.kc.get_shell_msg(timeout=ANSWER_TIMEOUT)
        except Empty:
            raise DeadKernelError("the kernel no longer answers") from None
        if reply["parent_header"].get("msg_id") == request:
            break
    usage = reply["content"].get("user_expressions", {}).get("usage", {})
    if usage.get("status") != "ok":
        raise RuntimeError(f"the kernel did not say what it used: {usage.get('evalue', reply)}")
    cpu, peak = ast.literal_eval(usage["data"]["text/plain"])
    return float(cpu), int(peak)


def run(notebook: NotebookNode, folder: Path, *, tolerated: Sequence[str] = ()) -> Cost:
    """Execute `notebook` in place, its kernel started in `folder`; return what that took.

    Parameters
    ----------
    notebook : NotebookNode
    folder : Path
    tolerated : sequence of str
        Names of exceptions that a cell may raise without ending the run.

    Raises
    ------
    CellExecutionError, CellTimeoutError, DeadKernelError
        If a cell raises anything else, takes more than ``CELL_TIMEOUT`` seconds, or ends the
        kernel.
    """
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    used = [(0.0, 0)]  # then after each cell; the last counts

    async def ask(**_: object) -> None:
        used.append(await _usage(client))

    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=CELL_TIMEOUT,
        record_timing=False,
        store_widget_state=False,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
        on_cell_executed=ask,
        allow_error_names=list(tolerated),
    )
    start = time.perf_counter()
    client.execute(env=os.environ | THREADS)
    wall = time.perf_counter() - start
    return Cost(wall, *used[-1])


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


def process(path: Path, *, keep: bool, slow_ok: bool = False) -> list[str]:
    """Run the notebook at `path`, store it if `keep`, print what it took; return its faults."""
    notebook = nbformat.read(path, as_version=4)
    place_setup(notebook, package_address())
    try:
        cost = run(notebook, path.parent)
    except CellExecutionError as error:
        return [f"a cell raises\n{error}"]
    except CellTimeoutError:
        return [f"a cell takes more than {CELL_TIMEOUT} s"]
    except DeadKernelError:
        return ["the kernel died: it was interrupted, or ran out of memory"]
    tidy(notebook)
    found = [*faults(notebook), *cost_faults(cost, slow_ok=slow_ok)]
    size = len(nbformat.writes(notebook).encode())
    if size > LARGEST:
        found.append(f"is {size:,} bytes, more than {LARGEST:,}: draw fewer or smaller frames")
    student = ""
    if keep and path.parent == BOOK:
        import students  # it needs what the book's pages need, and running a chapter does not

        try:
            student = students.written(notebook, students.book_in(BOOK))
        except ValueError as error:
            found.append(f"has no student notebook: {error}")
    if keep and not found:
        store(notebook, path)
    if student and not found:
        target = student_path(path)
        target.parent.mkdir(exist_ok=True)
        target.write_text(student, "utf-8", newline="\n")
    print(
        f"{cost.wall:7.1f} s  {cost.cpu:7.1f} s CPU  {cost.peak / 1e6:6.0f} MB  "
        f"{size / 1000:6.0f} kB stored  {path.name}",
        flush=True,
    )
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run the notebooks named in `arguments`; return 1 if one was refused, 2 if none was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="all in book/ unless named")
    parser.add_argument("--check", action="store_true", help="run, but store nothing")
    parser.add_argument("--slow-ok", action="store_true",
                        help=f"allow more than {SLOW:.0f} s of the processor")
    options = parser.parse_args(arguments)
    paths = [path.resolve() for path in options.notebooks] or chapters()
    missing = [path for path in paths if not path.is_file()]
    if missing or not paths:
        print(f"execute: no notebook at {', '.join(map(str, missing)) or 'book/'}", file=sys.stderr)
        return 2
    refused = 0
    for path in paths:
        found = process(path, keep=not options.check, slow_ok=options.slow_ok)
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
