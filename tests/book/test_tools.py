"""The tools that store and prove the chapters refuse what a reader should not meet."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
)

from .pages import ROOT

import execute  # isort: skip  (tools/ is on the path by now)
import notebooks  # isort: skip
import prove  # isort: skip

SENTENCE = "A curve that falls from one towards zero in twenty steps."
DESCRIBED = {"mystnb": {"image": {"alt": SENTENCE}}}
DRAWING = "from IPython.display import Image\nImage(data=bytes([137, 80, 78, 71, 13, 10, 26, 10]))"


def write(path: Path, *cells: NotebookNode, **metadata: object) -> Path:
    """A notebook at `path` with a title and these cells."""
    notebook = new_notebook(cells=[new_markdown_cell("# A chapter"), *cells])
    notebook.metadata.update(metadata)
    nbformat.write(notebook, path)
    return path


def stored(cell: NotebookNode, *outputs: NotebookNode, count: int = 1) -> NotebookNode:
    """`cell` as if it had been run."""
    cell.execution_count, cell.outputs = count, list(outputs)
    return cell


def executed(*cells: NotebookNode) -> NotebookNode:
    """A notebook as it is stored."""
    notebook = new_notebook(cells=list(cells))
    notebook.metadata["kernelspec"] = {"name": "python3"}
    return notebook


def shown(**data: str) -> NotebookNode:
    """A displayed output; `text_html=` stands for text/html."""
    return new_output("display_data", {key.replace("_", "/"): text for key, text in data.items()})


@pytest.mark.parametrize("address", ["", "https://example.invalid/a/b@main"])
def test_execute_stores_outputs_and_nothing_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(execute, "package_address", lambda: address)
    path = write(
        tmp_path / "a.ipynb",
        new_code_cell("import os\nprint('one')\nprint(os.environ['OMP_NUM_THREADS'])"),
        new_code_cell(DRAWING, metadata=DESCRIBED),
        kernelspec={"name": "mine", "display_name": "my own kernel"},
        vscode={"interpreter": "somewhere"},
        lstmlab={"data": ["music"]},
    )
    assert execute.main([str(path)]) == 0
    notebook = nbformat.read(path, as_version=4)
    assert [notebooks.SETUP_TAG in cell.metadata.get("tags", []) for cell in notebook.cells] == [
        False, *([True] if address else []), False, False
    ]  # fmt: skip
    printed = new_output("stream", name="stdout", text="one\n1\n")
    assert notebook.cells[-2].outputs == [printed]
    assert set(notebook.metadata) == {"kernelspec", "language_info", "lstmlab"}
    assert notebook.metadata.kernelspec.name == "python3"
    assert "version" not in notebook.metadata.language_info
    assert all("execution" not in cell.metadata for cell in notebook.cells)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.ipynb"]
    first = path.read_bytes()
    assert execute.main([str(path)]) == 0
    assert path.read_bytes() == first


@pytest.mark.parametrize(
    ("cell", "complaint"),
    [
        (new_code_cell("1 / 0"), "ZeroDivisionError"),
        (new_code_cell(DRAWING), "text alternative"),
        (new_code_cell("import sys\nprint('x', file=sys.stderr)"), "stderr"),
    ],
    ids=["raises", "undescribed figure", "stderr"],
)
def test_execute_refuses_and_leaves_the_file_as_it_was(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], cell: NotebookNode, complaint: str
) -> None:
    path = write(tmp_path / "a.ipynb", cell)
    before = path.read_bytes()
    assert execute.main([str(path)]) == 1
    assert complaint in capfd.readouterr().err
    assert path.read_bytes() == before


def test_execute_checks_without_storing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ipynb", new_code_cell("print(2)"))
    before = path.read_bytes()
    assert execute.main(["--check", str(path)]) == 0
    assert path.read_bytes() == before


def test_a_widget_beside_its_html_twin_is_not_stored() -> None:
    both = {"text/html": "<p>x</p>", notebooks.WIDGET_VIEW: {"model_id": "a"}}
    notebook = executed(stored(new_code_cell("x"), new_output("display_data", both)))
    notebook.metadata["widgets"] = {"state": {}}
    execute.tidy(notebook)
    assert set(notebook.cells[0].outputs[0].data) == {"text/html"}
    assert "widgets" not in notebook.metadata


HEX = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
PNG = shown(image_png="iVBORw0KGgo=")


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ([], "no code cell"),
        ([new_code_cell("1")], "execution count"),
        ([stored(new_code_cell("1"), count=2)], "execution count 2, not 1"),
        ([stored(new_code_cell("x = 1"))], "no stored output"),
        ([stored(new_code_cell("x"), new_output("error", ename="E", evalue="v"))], "raises E"),
        ([stored(new_code_cell("x"), PNG)], "no text alternative"),
        (
            [stored(new_code_cell("x", metadata={"mystnb": {"image": {"alt": HEX}}}), PNG)],
            "file name",
        ),
        (
            [stored(new_code_cell("x", metadata={"mystnb": {"image": {"alt": "A plot"}}}), PNG)],
            "shorter",
        ),
        ([stored(new_code_cell("x"), shown(text_html='<img src="a.png">'))], "HTML with an image"),
        (
            [stored(new_code_cell("x"), new_output("display_data", {notebooks.WIDGET_VIEW: {}}))],
            "no text/html twin",
        ),
        (
            [stored(new_code_cell("x"), new_output("stream", text="saved /home/me/a.npz"))],
            "/home/me",
        ),
        (
            [new_markdown_cell("see http://localhost:8888/lab"), stored(new_code_cell("1"), PNG)],
            "localhost",
        ),
    ],
    ids=[
        "no code", "not run", "out of order", "no output", "error", "no alt", "hashed alt",
        "short alt", "html without alt", "widget alone", "machine path", "local address",
    ],
)  # fmt: skip
def test_a_fault_in_a_stored_notebook_is_named(cells: list[NotebookNode], fault: str) -> None:
    assert any(fault in line for line in notebooks.faults(executed(*cells)))


def test_a_sound_notebook_has_no_faults() -> None:
    cells = [
        new_markdown_cell("See https://example.org/home/me and the root/ of 1/2."),
        stored(new_code_cell("a", metadata=DESCRIBED), PNG),
        stored(new_code_cell("b"), shown(text_html=f'<img alt="{SENTENCE}">'), count=2),
    ]
    assert list(notebooks.faults(executed(*cells))) == []


@pytest.mark.parametrize(
    ("data", "source", "missing"),
    [
        (["music"], "generated", ["music"]),
        (["music"], "JSB Chorales", []),
        ([], "generated", []),
    ],
)
def test_only_a_chapter_whose_real_data_is_missing_is_not_compared(
    tmp_path: Path, data: list[str], source: str, missing: list[str]
) -> None:
    path = write(tmp_path / "a.ipynb", lstmlab={"data": data})
    assert prove.missing_data(path, lambda name: source) == missing


def nbval(path: Path, *, strict: bool) -> subprocess.CompletedProcess[str]:
    """The proof of one notebook, as `make prove` runs it."""
    return subprocess.run(
        prove.command(path, strict=strict),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")},
    )


def test_a_stored_result_that_is_not_reproduced_fails_the_proof(tmp_path: Path) -> None:
    cell = stored(new_code_cell("print(2)"), new_output("stream", name="stdout", text="3\n"))
    path = write(tmp_path / "a.ipynb", cell)
    strict = nbval(path, strict=True)
    assert strict.returncode == 1, strict.stdout
    assert "1 failed" in strict.stdout
    assert nbval(path, strict=False).returncode == 0


def test_a_failed_assertion_fails_the_proof_even_where_text_is_not_compared(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "a.ipynb", stored(new_code_cell("assert 1 == 2")))
    assert nbval(path, strict=False).returncode == 1


def test_addresses_and_figure_sizes_do_not_fail_the_proof(tmp_path: Path) -> None:
    text = "<object at 0x7f0000000001> <Figure size 640x480 with 1 Axes>"
    now = text.replace("7f0000000001", "7fffffffff02").replace("640x480", "720x300")
    cell = stored(
        new_code_cell(f"print({now!r})"), new_output("stream", name="stdout", text=f"{text}\n")
    )
    done = nbval(write(tmp_path / "a.ipynb", cell), strict=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("there", [True, False], ids=["no file needed", "a neighbour read"])
def test_a_chapter_that_reads_a_file_of_its_folder_is_not_proved(
    tmp_path: Path, there: bool
) -> None:
    """A reader may have the chapter in another folder, as the student notebook is."""
    (tmp_path / "neighbour.txt").write_text("1", "utf-8")
    source = "1" if there else "int(open('neighbour.txt').read())"
    cell = stored(new_code_cell(source), new_output("execute_result", {"text/plain": "1"},
                                                    execution_count=1))  # fmt: skip
    kernel = {"name": "python3", "display_name": "Python 3"}
    path = write(tmp_path / "a.ipynb", cell, kernelspec=kernel)
    assert nbval(path, strict=True).returncode == 0
    assert prove.main(["--jobs", "1", str(path)]) == (0 if there else 1)


def test_prove_refuses_a_chapter_that_was_never_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "a.ipynb", new_code_cell("print(2)"))
    assert prove.main([str(path)]) == 1
    assert "execution count" in capsys.readouterr().err


def test_execute_names_a_notebook_that_does_not_exist(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute.main([str(tmp_path / "missing.ipynb")]) == 2
    assert "missing.ipynb" in capsys.readouterr().err


def test_a_chapter_installs_the_package_where_it_is_missing_and_the_address_is_known() -> None:
    notebook = new_notebook(cells=[new_markdown_cell("# A chapter"), new_code_cell("1 + 1")])
    notebooks.place_setup(notebook, "")
    assert [cell.source for cell in notebook.cells] == ["# A chapter", "1 + 1"]
    for address in ("https://example.org/a/b@main", "https://example.org/c/d@next"):
        notebooks.place_setup(notebook, address)  # a new one replaces the old
        assert len(notebook.cells) == 3
        setup = notebook.cells[1]
        assert f'%pip install --quiet "git+{address}"' in setup.source
        assert "remove-cell" in setup.metadata.tags
    nbformat.validate(notebook)
    notebooks.place_setup(notebook, "")
    assert [cell.source for cell in notebook.cells] == ["# A chapter", "1 + 1"]


def test_the_set_up_cell_does_nothing_where_the_package_is(tmp_path: Path) -> None:
    notebook = new_notebook(cells=[new_markdown_cell("# A chapter"), new_code_cell("1 + 1")])
    notebooks.place_setup(notebook, "https://example.invalid/a/b@main")
    execute.run(notebook, tmp_path)
    assert notebook.cells[1].outputs == []


@pytest.mark.parametrize(
    ("lines", "address"),
    [
        ("  url: https://example.org/a/b\n  branch: main", "https://example.org/a/b@main"),
        ("  url: https://example.org/a/b/\n  branch: next", "https://example.org/a/b@next"),
        ("  url: https://example.org/a/b", "https://example.org/a/b"),
        ('  url: ""\n  branch: main', ""),
    ],
    ids=["branch", "slash at the end", "no branch", "no address"],
)
def test_the_address_and_its_branch_are_read_from_the_configuration(
    tmp_path: Path, lines: str, address: str
) -> None:
    (tmp_path / "_config.yml").write_text(f"repository:\n{lines}\n", "utf-8")
    assert notebooks.package_address(tmp_path) == address


@pytest.mark.parametrize(
    ("cpu", "peak", "slow_ok", "complaints"),
    [
        (1.0, 200_000_000, False, []),
        (45.0, 2_000_000_000, False, []),
        (45.1, 200_000_000, False, ["45.1 s of the processor"]),
        (900.0, 200_000_000, True, []),
        (1.0, 2_010_000_000, False, ["2.01 GB"]),
        (900.0, 3_000_000_000, True, ["3.00 GB"]),
        (900.0, 3_000_000_000, False, ["900.0 s", "3.00 GB"]),
    ],
    ids=["light", "at both limits", "slow", "slow, allowed", "large", "large, allowed", "both"],
)
def test_a_chapter_is_refused_for_its_processor_time_and_its_memory_alone(
    cpu: float, peak: int, slow_ok: bool, complaints: list[str]
) -> None:
    found = execute.cost_faults(execute.Cost(10_000.0, cpu, peak), slow_ok=slow_ok)
    assert len(found) == len(complaints)
    assert all(part in fault for part, fault in zip(complaints, found, strict=True))


def test_the_kernel_says_what_it_used_and_stores_nothing_of_that(tmp_path: Path) -> None:
    """A block of 300 MB is in the kernel's peak, and what it reports of its time is its own."""
    source = (
        "import os\nblock = bytearray(300_000_000)\ndel block\nspent = os.times()\n"
        "print(spent.user + spent.system)"
    )
    notebook = new_notebook(cells=[new_code_cell(source)])
    cost = execute.run(notebook, tmp_path)
    (cell,) = notebook.cells
    assert cell.execution_count == 1
    assert [output.name for output in cell.outputs] == ["stdout"]
    assert cost.peak > 300_000_000
    assert cost.cpu >= float(cell.outputs[0].text) - 0.02  # os.times() counts in hundredths


def test_the_memory_of_whoever_starts_the_kernel_is_not_the_kernels(tmp_path: Path) -> None:
    block = bytearray(b"\1") * 700_000_000
    cost = execute.run(new_notebook(cells=[new_code_cell("2")]), tmp_path)
    assert cost.peak < len(block)


@pytest.mark.parametrize("slow_ok", [False, True], ids=["refused", "allowed"])
def test_a_chapter_that_takes_too_long_is_stored_only_on_request(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    slow_ok: bool,
) -> None:
    path = write(tmp_path / "a.ipynb", new_code_cell("print(2)"))
    before = path.read_bytes()
    monkeypatch.setattr(execute, "SLOW", 0.0)
    assert execute.main([str(path), *(["--slow-ok"] if slow_ok else [])]) == (0 if slow_ok else 1)
    assert (path.read_bytes() == before) is not slow_ok
    assert ("of the processor" in capfd.readouterr().err) is not slow_ok


def test_an_interrupted_proof_ends_with_one_line(tmp_path: Path) -> None:
    waiting = stored(new_code_cell("import time\ntime.sleep(60)"))
    path = write(tmp_path / "a.ipynb", waiting, new_code_cell("1 + 1"))
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[-1].execution_count = 2
    notebook.cells[-1].outputs = [new_output("execute_result", {"text/plain": "2"})]
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, path)
    with subprocess.Popen(
        [sys.executable, str(ROOT / "tools" / "prove.py"), "--jobs", "1", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as proof:
        assert proof.stdout is not None
        assert proof.stdout.readline() == "prove: runs of notebooks: 1, at once: 1\n"
        os.killpg(proof.pid, signal.SIGINT)  # as Ctrl-C does
        _, said = proof.communicate(timeout=120)
    assert proof.returncode == 1
    assert said.splitlines()[-1] == "prove: interrupted; nothing is proved"
    assert "prove.py" not in said, said


def test_a_proof_that_a_signal_ended_is_not_a_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process killed by a signal returns a negative code, which is less than success."""
    cell = stored(new_code_cell("1"), shown(text_plain="1"))
    paths = [write(tmp_path / name, cell, kernelspec={"name": "python3", "display_name": "3"})
             for name in ("a.ipynb", "b.ipynb")]
    monkeypatch.setattr(prove, "missing_data", lambda path, _: ["music"] * (path == paths[1]))
    codes = iter((-9, 0))
    monkeypatch.setattr(
        prove.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], next(codes), "")
    )
    assert prove.main([str(path) for path in paths]) == 1


@pytest.mark.parametrize(
    ("outputs", "code", "said"),
    [
        (["a.ipynb", "student"], 0, ["holds: a.ipynb, compared to the letter",
                                     "holds: student/a.ipynb, nothing solved"]),
        (["student"], 1, ["FAILS: a.ipynb, compared to the letter\n1 failed",
                          "holds: student/a.ipynb, nothing solved"]),
        (["a.ipynb"], 1, ["holds: a.ipynb, compared to the letter",
                          "FAILS: student/a.ipynb, nothing solved\n1 failed"]),
    ],
    ids=["both hold", "the chapter fails", "the student notebook fails"],
)  # fmt: skip
def test_a_chapter_is_proved_together_with_its_student_notebook(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    outputs: list[str],
    code: int,
    said: list[str],
) -> None:
    for folder in ("book", "student"):
        (tmp_path / folder).mkdir()
        cell = stored(new_code_cell("1"), shown(text_plain="1"))
        write(tmp_path / folder / "a.ipynb", cell,
              kernelspec={"name": "python3", "display_name": "3"})  # fmt: skip

    def ran(arguments: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        which = "student" if "student_runs.py" in arguments[1] else "a.ipynb"
        return subprocess.CompletedProcess(arguments, which not in outputs, "1 failed\n")

    monkeypatch.setattr(prove.subprocess, "run", ran)
    assert prove.main(["--jobs", "1", str(tmp_path / "book" / "a.ipynb")]) == code
    printed = capsys.readouterr().out
    assert all(f"prove: {line}" in printed for line in said), printed


@pytest.mark.parametrize("there", [True, False], ids=["with torch", "without"])
def test_a_chapter_that_needs_torch_is_left_out_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], there: bool
) -> None:
    kernel = {"name": "python3", "display_name": "3"}
    sources = {"a.ipynb": "x = 1\nfrom torch import nn\n1", "b.ipynb": "1"}
    cells = {name: stored(new_code_cell(s), shown(text_plain="1")) for name, s in sources.items()}
    paths = [write(tmp_path / name, cell, kernelspec=kernel) for name, cell in cells.items()]
    assert [prove.imports_torch(path) for path in paths] == [True, False]
    monkeypatch.setattr(prove, "find_spec", lambda name: object() if there else None)
    monkeypatch.setattr(
        prove.subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 0, "")
    )
    assert prove.main(["--jobs", "1", *map(str, paths)]) == 0
    printed = capsys.readouterr().out
    assert ("holds: a.ipynb" in printed) == there
    assert ("a.ipynb is left out: it needs torch" in printed) != there
    assert "holds: b.ipynb" in printed
