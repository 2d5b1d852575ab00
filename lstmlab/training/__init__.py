"""The paper's training recipe: what is trained (network), how (recipe), and by what (engine)."""

from lstmlab.training.engine import Engine, NumpyEngine, fastest
from lstmlab.training.history import History, Run
from lstmlab.training.network import Network, Stepper
from lstmlab.training.recipe import Recipe, evaluate, train

__all__ = [
    "Engine",
    "History",
    "Network",
    "NumpyEngine",
    "Recipe",
    "Run",
    "Stepper",
    "evaluate",
    "fastest",
    "train",
]
