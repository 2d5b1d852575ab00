"""Where rules are carried that were found on a small network: a Wide ResNet and a translator.

python -m lstmlab.optimizers.transfer wide-resnet --optimizer adam --lr 0.001
python -m lstmlab.optimizers.transfer translate --optimizer adam --lr 0.01
"""

from lstmlab.optimizers.transfer.run import Run, read_rule
from lstmlab.optimizers.transfer.train import train_classifier, train_translator, translate
from lstmlab.optimizers.transfer.translator import Translator
from lstmlab.optimizers.transfer.wide_resnet import WideResNet

__all__ = [
    "Run", "Translator", "WideResNet", "read_rule", "train_classifier", "train_translator",
    "translate",
]  # fmt: skip
