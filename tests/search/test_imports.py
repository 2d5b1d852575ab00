"""What a worker has to import before it can begin."""

import subprocess
import sys

from tests.search.made import environment

ASKED = """
import sys
import lstmlab.search
print("pandas" in sys.modules, "torch" in sys.modules, "distributed" in sys.modules)
from lstmlab.search import read_trials, restore, table, write_trials
print("pandas" in sys.modules, table.__module__, hasattr(lstmlab.search, "nothing"))
assert all(hasattr(lstmlab.search, name) for name in lstmlab.search.__all__)
"""


def test_pandas_is_imported_when_a_table_is_asked_for(root):
    said = subprocess.run(
        [sys.executable, "-c", ASKED], env=environment(root), capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert said.stdout.split("\n")[:2] == [
        "False False False",
        "True lstmlab.search.trials False",
    ]
