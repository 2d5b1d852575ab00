"""The paper's training recipe: what is trained (network), how (recipe), and by what (engine)."""

from lstmlab.training.ctc import best_path
from lstmlab.training.engine import Engine, NumpyEngine, fastest
from lstmlab.training.history import History, Run
from lstmlab.training.network import Network, Stepper
from lstmlab.training.reading import edit_distance, error_rate
from lstmlab.training.recipe import Recipe, evaluate, evaluate_error, train

__all__ = [
    "Engine",
    "History",
    "Network",
    "NumpyEngine",
    "Recipe",
    "Run",
    "Stepper",
    "best_path",
    "edit_distance",
    "error_rate",
    "evaluate",
    "evaluate_error",
    "fastest",
    "train",
]
