"""What a training run leaves behind."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from lstmlab.cells import Params

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lstmlab.training.network import Network
    from lstmlab.training.recipe import Recipe


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
        The unit of both, for example "nats per frame".
    """

    train: list[float] = field(default_factory=list)
    valid: list[float] = field(default_factory=list)
    metric: str = "nats per frame"

    def __len__(self) -> int:
        return len(self.valid)

    @property
    def best_epoch(self) -> int:
        """The epoch with the lowest validation loss, counted from 1; 0 if there is none."""
        return 1 + self.valid.index(min(self.valid)) if self.valid else 0

    def plot(self, **options: object) -> "Figure":
        """Draw both curves and mark the best epoch; options as in `viewing.learning_curves`."""
        from lstmlab.viewing import learning_curves

        if not self.valid:
            raise ValueError("history must hold at least one finished epoch to plot, got none")
        options.setdefault("ylabel", self.metric)
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
        return (
            f"{self.source}, seed {self.seed}: test {self.test:.2f} {self.history.metric} "
            f"(valid {self.valid:.2f}) after {self.best_epoch} of {len(self.history)} epochs; "
            f"stopped: {why}"
        )
