"""Training: what is trained (network, classifier), how (recipes), and by what (engines)."""

from lstmlab.training.batches import BatchRecipe, ClassifierRun, Epochs, train_classifier
from lstmlab.training.classifier import Classifier
from lstmlab.training.ctc import best_path
from lstmlab.training.engine import Engine, NumpyEngine, fastest
from lstmlab.training.history import History, Run
from lstmlab.training.network import Network, Stepper
from lstmlab.training.reading import edit_distance, error_rate
from lstmlab.training.recipe import Recipe, evaluate, evaluate_error, train
from lstmlab.training.sampling import sample
from lstmlab.training.stream import StreamRecipe, StreamRun, train_stream

__all__ = [
    "BatchRecipe",
    "Classifier",
    "ClassifierRun",
    "Engine",
    "Epochs",
    "History",
    "Network",
    "NumpyEngine",
    "Recipe",
    "Run",
    "Stepper",
    "StreamRecipe",
    "StreamRun",
    "best_path",
    "edit_distance",
    "error_rate",
    "evaluate",
    "evaluate_error",
    "fastest",
    "sample",
    "train",
    "train_classifier",
    "train_stream",
]
