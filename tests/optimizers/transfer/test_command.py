"""The command line: a line an epoch, the paper's four numbers, and errors in one line."""

from __future__ import annotations

import math
import re

import pytest

torch = pytest.importorskip("torch")

from lstmlab.optimizers import ZOO
from lstmlab.optimizers.transfer import Run, command

POWERSIGN = "g * exp(sign(g) * sign(m))"
ACCURACY = r"validation \d+\.\d%, test \d+\.\d%"


def test_a_wide_resnet_is_trained_with_a_line_an_epoch(capsys):
    options = "--lr 0.1 --epochs 2 --seed 1 --depth 10 --width 1 --examples 60 --batch 20"
    assert command.main(["wide-resnet", "--optimizer", POWERSIGN, *options.split()]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("WRN-10-1 on digits of scikit-learn (seed 0)")
    assert said[0].endswith(f"by {POWERSIGN} at 0.1")
    for n, line in enumerate(said[1:3], start=1):
        assert re.fullmatch(rf"epoch {n}: loss \d+\.\d+ nats; accuracy .*%, test .*%", line)
    assert re.fullmatch(f"final: {ACCURACY}", said[3])
    assert re.fullmatch(f"best: {ACCURACY}", said[4])
    assert re.fullmatch(r"6 updates in \d+ s", said[5])
    assert len(said) == 6


def test_a_translator_is_trained_with_a_line_an_epoch(capsys):
    options = "--lr 0.01 --epochs 1 --units 8 --examples 50 --pieces 100"
    assert command.main(["translate", "--optimizer", "adam", *options.split()]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("1 + 1 layers of 8 on generated translation (seed 0)")
    pattern = r"epoch 1: perplexity .*, validation .*; BLEU \d+\.\d, test \d+\.\d"
    assert re.fullmatch(pattern, said[1])
    assert [line.partition(":")[0] for line in said[2:4]] == ["final", "best"]


@pytest.mark.parametrize("network", ["wide-resnet", "translate"])
def test_every_option_reaches_the_training(monkeypatch, capsys, network):
    found = {}

    def trained(rule, data, **given):
        found.update(given, rule=rule, data=data)
        given["ready"]()
        return Run(({"loss": 1.0, "valid": 0.25, "test": 0.5},), 3, 2.0, "it burned")

    monkeypatch.setattr(command, "train_classifier", trained)
    monkeypatch.setattr(command, "train_translator", trained)
    own = {
        "wide-resnet": {"depth": 22, "width": 3},
        "translate": {"units": 7, "layers": 3, "clip": 2.5},
    }[network]
    shared = {
        "lr": 0.3, "epochs": 4, "batch": 5, "examples": 6, "seed": 8, "device": "cuda",
        "engine": "foreach",
    }  # fmt: skip
    line = [part for name, value in (own | shared).items() for part in (f"--{name}", str(value))]
    line += ["--betas", "0.5", "0.6", "0.7", "--optimizer", "cosine * m"]
    assert command.main([network, *line]) == command.GIVEN_UP == 3
    assert found["betas"] == (0.5, 0.6, 0.7)
    assert str(found["rule"]) == "cosine * m"
    assert found.items() >= (own | shared).items()
    said = capsys.readouterr().out.splitlines()
    assert said[0].endswith(" by cosine * m at 0.3")
    assert said[1] == "given up: it burned"
    assert said[2].endswith(" 0.0%, test 0.0%")
    assert said[3] == "best: validation 25.0%, test 50.0%"


def test_pictures_can_be_halved(monkeypatch):
    found = {}

    def trained(rule, task, **given):
        found["shape"] = task.train.x.shape[1:]
        return Run((), 0, 0.0, "")

    monkeypatch.setattr(command, "train_classifier", trained)
    assert command.main(["wide-resnet", "--optimizer", "sgd", "--lr", "1", "--halved"]) == 0
    assert found["shape"] == (4, 4, 1)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        (["--optimizer", "adamw", "--lr", "1"], "adamw"),
        (["--optimizer", "g", "--lr", "-1"], "lr must be a finite number, 0 or more, got -1.0"),
        (["--optimizer", "g", "--lr", "1", "--depth", "11"], "depth must be 6n + 4"),
        (["--optimizer", "g", "--lr", "1", "--source", "no"], "source must be one of"),
        (
            ["--optimizer", "g", "--lr", "1", "--device", "meta"],
            "device must be one that torch has",
        ),
        (["--optimizer", "g", "--lr", "1", "--examples", "1200"], "examples must be 1197"),
    ],
)
def test_what_cannot_be_done_is_said(capsys, line, named):
    """In a line; but a formula is shown, with the place."""
    assert command.main(["wide-resnet", *line]) == 1
    out, said = capsys.readouterr()
    assert not out
    assert said.startswith("transfer: ")
    assert named in said
    assert said.count("\n") == (3 if named == "adamw" else 1)


@pytest.mark.skipif(torch.cuda.is_available(), reason="has CUDA")
@pytest.mark.parametrize("network", ["wide-resnet", "translate"])
def test_a_torch_without_cuda_says_so(capsys, network):
    line = [network, "--optimizer", "adam", "--lr", "0.1", "--device", "cuda"]
    assert command.main(line) == 1
    out, said = capsys.readouterr()
    assert said.startswith("transfer: device must be one that torch has here, ")
    assert (out, said.count("\n")) == ("", 1)


def test_a_folder_without_a_name_is_no_made_up_language(capsys):
    """As where a variable of the shell was not set."""
    line = ["translate", "--optimizer", "adam", "--lr", "0.1", "--folder", ""]
    assert command.main(line) == 1
    assert "folder must be a folder or a file" in capsys.readouterr().err


def test_a_formula_may_begin_with_a_minus_and_an_option_is_none(monkeypatch, capsys):
    found = []

    def trained(rule, data, **given):
        found.append((str(rule), given["lr"]))
        return Run((), 0, 0.0)

    monkeypatch.setattr(command, "train_classifier", trained)
    for formula in (["--optimizer", "-g"], ["--optimizer=-g"], ["--optimizer", "-1 * g"]):
        assert command.main(["wide-resnet", *formula, "--lr", "0.5"]) == 0
    assert found == [("-g", 0.5), ("-g", 0.5), ("-1 * g", 0.5)]
    with pytest.raises(SystemExit) as ended:
        command.main(["wide-resnet", "--optimizer", "--lr", "0.5"])
    assert ended.value.code == 2
    assert "argument --optimizer: expected one argument" in capsys.readouterr().err


def test_gradients_need_not_be_clipped(monkeypatch, capsys):
    found = []

    def trained(rule, data, **given):
        found.append(given["clip"])
        return Run((), 0, 0.0)

    monkeypatch.setattr(command, "train_translator", trained)
    line = ["translate", "--optimizer", "g", "--lr", "1", "--pieces", "100"]
    for said in ([], ["--clip", "none"], ["--clip", "None"], ["--clip", "2"]):
        assert command.main([*line, *said]) == 0
    assert found == [5.0, None, None, 2.0]
    for wrong in ("0", "nan", "much"):
        with pytest.raises(SystemExit):
            command.main([*line, "--clip", wrong])
        error = f"argument --clip: must be a number above 0, or none, got '{wrong}'"
        assert error in capsys.readouterr().err


def test_a_training_that_is_given_up_is_no_success(capsys):
    options = "--optimizer 1 --lr 1e38 --depth 10 --width 1 --examples 40 --batch 20 --epochs 1"
    assert command.main(["wide-resnet", *options.split()]) == command.GIVEN_UP
    out, said = capsys.readouterr()
    assert "\ngiven up: the loss was nan after 1 updates\n" in out
    assert not said


@pytest.mark.parametrize("network", [[], ["wide-resnet"], ["translate"]])
def test_the_help_names_every_rule_and_every_exit_status(capsys, network):
    with pytest.raises(SystemExit) as ended:
        command.main([*network, "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out.replace("-\n", "-").split("RULE is a formula")[1]
    words = set(re.findall(r"[\w-]+", said))
    assert set(ZOO) <= words
    assert {"0", "1", "2", str(command.GIVEN_UP)} <= words


def test_a_perplexity_that_is_no_float_is_infinite():
    assert command.perplexity(1.0) == pytest.approx(math.e)
    assert command.perplexity(1e6) == math.inf
