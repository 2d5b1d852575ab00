"""Set a copy of the project up as Binder does, in a temporary folder, and run every chapter there.

Binder installs ``binder/requirements.txt`` and runs ``binder/postBuild``, nothing else. So does
this, in an empty environment: a chapter that needs more than that fails here first. The chapters
run, and the student notebooks, which are what Binder opens; the copies that ran are thrown away.
The variable ``TORCH_INDEX`` is handed to postBuild.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", "_build", "build", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis",
    ".ipynb_checkpoints",
)  # fmt: skip


def main() -> int:
    """Return 0 if every chapter runs in a Binder-like environment, else what failed returned."""
    with tempfile.TemporaryDirectory(prefix="lstmlab-binder-") as name:
        copy, environment = Path(name) / "project", Path(name) / "environment"
        shutil.copytree(ROOT, copy, ignore=NOT_COPIED)
        students = sorted((copy / "student").glob("*.ipynb"))
        venv.create(environment, with_pip=True)
        bin_folder = environment / "bin"
        # As on Binder: this environment's programs first, and no trace of the one that started us.
        variables = os.environ | {
            "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
            "XDG_CACHE_HOME": str(Path(name) / "cache"),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }
        for inherited in ("PYTHONPATH", "VIRTUAL_ENV", "LSTMLAB_DATA"):
            variables.pop(inherited, None)
        python = str(bin_folder / "python")
        steps = (
            [python, "-m", "pip", "install", "--quiet", "-r", "binder/requirements.txt"],
            ["binder/postBuild"],
            [python, "tools/execute.py", "--check"],
            [python, "tools/student_runs.py", *map(str, students)],
        )
        for step in steps:
            done = subprocess.run(step, cwd=copy, env=variables, check=False)
            if done.returncode:
                print(f"check_binder: {' '.join(step)} failed", file=sys.stderr)
                return done.returncode
    print("check_binder: every chapter runs in an environment like Binder's")
    return 0


if __name__ == "__main__":
    sys.exit(main())
