"""What README.md shows of a search for rules with an objective of one's own."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("torch")

SOON = {
    "run(controller, objective, 200)":
        "study = run(controller, objective, 30, executor=Serial(), progress=False)",
    "RuleReward(grammar)":
        "RuleReward(grammar, examples=100, rates=(0.01, 0.1), filters=4, hopeless=None)",
}  # fmt: skip
"""In this process, with fewer trials and a smaller child, for the time it takes."""


def test_an_objective_of_ones_own_finds_rules_and_the_filter_takes_them(root, capsys):
    shown = re.findall(r"```python\n(.*?)```", (root / "README.md").read_text("utf-8"), re.S)
    code = "".join(block for block in shown if "controller" in block)
    for long, short in SOON.items():
        assert code.count(long) == 1
        code = code.replace(long, short)
    names: dict[str, object] = {}
    exec(f"from lstmlab.search import Serial\n{code}", names)
    trials = names["study"].trials
    assert {trial.state.name for trial in trials} == {"COMPLETE"}
    assert 0 <= min(trial.value for trial in trials)
    assert 0.5 < max(trial.value for trial in trials) <= 1
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("[(Rule.parse(")
    assert [line.split()[-2] for line in said[1:]] == ["2", "2", "1", "1", "1"]
