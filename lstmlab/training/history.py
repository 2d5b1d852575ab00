"""What a training run leaves behind."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from lstmlab.cells import Params

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lstmlab.training.network import Network
    from lstmlab.training.recipe import Recipe

LOSS = "nats per frame"


@dataclass
class History:
    """Loss a frame after every epoch.

    Attributes
    ----------
    train : list of float
        Mean over the epoch's updates, with input noise, each before its own update.
    valid : list of float
        On the validation set after the epoch, without noise.
    metric : str
        What the best epoch is chosen by: the loss, for example in "nats per frame", or an error.
    error : list of float
        That error on the validation set after the epoch; empty if it is the loss that counts.
    """

    train: list[float] = field(default_factory=list)
    valid: list[float] = field(default_factory=list)
    metric: str = LOSS
    error: list[float] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.valid)

    @property
    def best_epoch(self) -> int:
        """The best epoch, counted from 1; 0 if there is none.

        It is the one with the lowest validation error; where it is the loss that counts, or between
        epochs with the same error, the one with the lowest validation loss.
        """
        scores = list(zip(self.error or self.valid, self.valid, strict=True))
        return 1 + scores.index(min(scores)) if scores else 0

    def plot(self, **options: object) -> "Figure":
        """Draw both losses and mark the best epoch; options as in `viewing.learning_curves`."""
        from lstmlab.viewing import learning_curves

        if not self.valid:
            raise ValueError("history must hold at least one finished epoch to plot, got none")
        options.setdefault("ylabel", LOSS if self.error else self.metric)
        return learning_curves(self.train, self.valid, best_epoch=self.best_epoch, **options)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Run:
    """A finished training run.

    Attributes
    ----------
    network, recipe, seed
        What was asked for.
    source : str
        Where the data came from: "embedded", "generated" or a real set's name.
    params : dict of str to ndarray
        The weights of the best epoch (the first weights if no epoch was finished).
    history : History
    valid, test : float
        Loss a frame at the best epoch; infinite if no epoch was finished.
    stopped : {"patience", "epochs", "diverged"}
        Why the run ended.
    seconds : float
        Wall-clock time.
    valid_error, test_error : float, optional
        Error rates of these weights, where the task is judged by one; infinite if no epoch was
        finished.
    """

    network: "Network"
    recipe: "Recipe"
    seed: int
    source: str
    params: Params
    history: History
    valid: float
    test: float
    stopped: Literal["patience", "epochs", "diverged"]
    seconds: float
    valid_error: float | None = None
    test_error: float | None = None

    @property
    def diverged(self) -> bool:
        """Whether the loss became NaN or infinite."""
        return self.stopped == "diverged"

    @property
    def best_epoch(self) -> int:
        """The epoch the weights are from, counted from 1."""
        return self.history.best_epoch

    def __str__(self) -> str:
        why = {
            "patience": "no improvement any more",
            "epochs": "all epochs done",
            "diverged": "the loss became infinite or NaN",
        }[self.stopped]
        if self.test_error is None or self.valid_error is None:
            test, valid = f"{self.test:.2f} {self.history.metric}", f"{self.valid:.2f}"
        else:
            test = f"{self.test_error:.1%} {self.history.metric}"
            valid = f"{self.valid_error:.1%}"
        return (
            f"{self.source}, seed {self.seed}: test {test} (valid {valid}) after "
            f"{self.best_epoch} of {len(self.history)} epochs; stopped: {why}"
        )
