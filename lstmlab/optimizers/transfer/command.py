"""The command line: train a Wide ResNet or a translator by a rule.

    python -m lstmlab.optimizers.transfer wide-resnet --optimizer "g * exp(sign(g) * sign(m))" \\
        --lr 0.1 --epochs 5 --seed 0
    python -m lstmlab.optimizers.transfer translate --optimizer adam --lr 0.01
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from functools import partial

import torch

from lstmlab.optimizers.evaluate import BETAS
from lstmlab.optimizers.options import ENGINES
from lstmlab.optimizers.transfer.run import Measures, Run, check_clip, read_rule
from lstmlab.optimizers.transfer.train import train_classifier, train_translator
from lstmlab.optimizers.zoo import ZOO
from lstmlab.tasks import load, translation
from lstmlab.tasks.images.half import halved

GIVEN_UP = 3
"""The exit status of a training that could not go on; 2 is argparse's."""
ABOUT = (
    f"RULE is a formula, such as 'g * exp(sign(g) * sign(m))', or one of {', '.join(ZOO)}. "
    "The exit status is 0 for a training that came to its end, 1 for an error, 2 for a command "
    f"line that cannot be read, and {GIVEN_UP} for a training that was given up, because a loss or "
    "an output was no number."
)


def parser() -> argparse.ArgumentParser:
    """What can be asked for."""
    whole = argparse.ArgumentParser(
        prog="python -m lstmlab.optimizers.transfer",
        description=(__doc__ or "").splitlines()[0],
        epilog=ABOUT,
    )
    networks = whole.add_subparsers(dest="network", required=True, metavar="NETWORK")
    images = networks.add_parser("wide-resnet", help="a Wide ResNet, on pictures", epilog=ABOUT)
    images.add_argument("--depth", type=int, default=16, help="6n + 4 (default: 16)")
    images.add_argument("--width", type=int, default=2, help="k (default: 2)")
    images.add_argument(
        "--source", default="embedded", help='as for lstmlab.tasks.load (default: "embedded")'
    )
    images.add_argument("--halved", action="store_true", help="pictures at half their size")
    pairs = networks.add_parser(
        "translate", help="an encoder and decoder, on sentences", epilog=ABOUT
    )
    pairs.add_argument("--units", type=int, default=64, help="of every layer (default: 64)")
    pairs.add_argument("--layers", type=int, default=1, help="of each half (default: 1)")
    pairs.add_argument("--pieces", type=int, default=400, help="of each language (default: 400)")
    pairs.add_argument("--folder", help="parallel text (default: a made-up language)")
    pairs.add_argument(
        "--clip", type=_clip, default=5.0, help='the gradient\'s norm, or "none" (default: 5)'
    )
    for network, epochs, batch in ((images, 5, 128), (pairs, 10, 25)):
        network.add_argument(
            "--optimizer", required=True, metavar="RULE", help="a formula or a name, see below"
        )
        network.add_argument("--lr", type=float, required=True, help="λ")
        network.add_argument(
            "--betas", type=float, nargs=3, default=BETAS, metavar=("B1", "B2", "B3"),
            help="of the running averages (default: 0.9 0.999 0.999)",
        )  # fmt: skip
        network.add_argument("--epochs", type=int, default=epochs, help=f"(default: {epochs})")
        network.add_argument("--batch", type=int, default=batch, help=f"(default: {batch})")
        network.add_argument("--examples", type=int, help="of the training set (default: all)")
        network.add_argument("--seed", type=int, default=0, help="(default: 0)")
        network.add_argument("--device", default="cpu", help='such as "cuda" (default: "cpu")')
        network.add_argument("--engine", choices=ENGINES, default="auto", help="(default: auto)")
    return whole


def _clip(text: str) -> float | None:
    """A norm, or none."""
    try:
        clip = None if text.lower() == "none" else float(text)
        if clip is not None:
            check_clip(clip)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be a number above 0, or none, got {text!r}"
        ) from None
    return clip


def run(options: argparse.Namespace) -> Run:
    """Train: a line at the beginning and one an epoch.

    Raises
    ------
    ValueError, TypeError, OSError, RuntimeError
        As what is called.
    """
    rule = read_rule(options.optimizer)
    shared = {
        name: getattr(options, name)
        for name in ("lr", "epochs", "batch", "examples", "seed", "device", "engine")
    }
    betas = tuple(options.betas)
    if options.network == "wide-resnet":
        task = load("images", source=options.source)
        task = halved(task) if options.halved else task
        title = f"WRN-{options.depth}-{options.width} on {task.caption}"
        return train_classifier(
            rule, task, depth=options.depth, width=options.width, betas=betas, **shared,
            ready=partial(_say, f"{title}, by {rule} at {options.lr:g}"), told=_tell,
        )  # fmt: skip
    pairs = (
        translation.read_folder(options.folder, size=options.pieces)
        if options.folder is not None
        else translation.generated(size=options.pieces)
    )
    sizes = f"{options.layers} + {options.layers} layers of {options.units}"
    title = f"{sizes} on {pairs.task.caption}"
    return train_translator(
        rule, pairs, units=options.units, layers=options.layers, clip=options.clip, betas=betas,
        **shared, ready=partial(_say, f"{title}, by {rule} at {options.lr:g}"), told=_tell,
    )  # fmt: skip


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _tell(number: int, measures: Measures) -> None:
    _say(f"epoch {number}: {_line(measures)}")


def _line(measures: Measures) -> str:
    """Losses of pieces as perplexities, accuracies in per cent, BLEU as it is."""
    scores = measures["valid"], measures["test"]
    if "valid_loss" in measures:
        train, valid = (perplexity(measures[what]) for what in ("loss", "valid_loss"))
        return "perplexity {:.2f}, validation {:.2f}; BLEU {:.1f}, test {:.1f}".format(
            train, valid, *scores
        )
    return "loss {:.3f} nats; accuracy {:.1%}, test {:.1%}".format(measures["loss"], *scores)


def perplexity(nats: float) -> float:
    """e to a mean loss; infinite where that is no float."""
    try:
        return math.exp(nats)
    except OverflowError:
        return math.inf


def _summary(made: Run) -> str:
    """The paper's four numbers, and why a run was given up."""
    lines = [f"given up: {made.failed}"] if made.failed else []
    shown = "{:.1f}" if made.epochs and "valid_loss" in made.epochs[0] else "{:.1%}"
    for when, of in (("final", made.final), ("best", made.best)):
        valid, test = (shown.format(of(split)) for split in ("valid", "test"))
        lines.append(f"{when}: validation {valid}, test {test}")
    return "\n".join([*lines, f"{made.updates} updates in {made.seconds:.0f} s"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns
    -------
    int
        0 if the training came to its end, `GIVEN_UP` if it was given up, 1 after an error, which
        is said on stderr. A command line that cannot be read exits with 2, as argparse does.
    """
    given = sys.argv[1:] if arguments is None else arguments
    options = parser().parse_args(_joined(given))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        made = run(options)
        _say(_summary(made))
    except (ValueError, TypeError, OSError, RuntimeError) as error:
        sys.stderr.write(f"transfer: {error}\n")
        return 1
    finally:
        torch.set_num_threads(threads)
    return GIVEN_UP if made.failed else 0


def _joined(arguments: Sequence[str]) -> list[str]:
    """`--optimizer -g` as `--optimizer=-g`: to argparse -g alone is an option, and no formula."""
    joined: list[str] = []
    for word in arguments:
        if joined[-1:] == ["--optimizer"] and word.startswith("-") and not word.startswith("--"):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined
