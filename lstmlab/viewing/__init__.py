"""Figures in one style, widgets that need no kernel, and sound."""

from lstmlab.viewing.block import PARTS, draw_block
from lstmlab.viewing.boxes import boxes
from lstmlab.viewing.controls import Choice, Control, Slider, Step, Toggle
from lstmlab.viewing.curves import learning_curves
from lstmlab.viewing.evidence import interactions, marginals, shares
from lstmlab.viewing.explorer import Explorer, explore
from lstmlab.viewing.field import field
from lstmlab.viewing.figure import Figure
from lstmlab.viewing.lines import bars, heatmap, lines
from lstmlab.viewing.music import note_name, piano_roll
from lstmlab.viewing.predict import Predict
from lstmlab.viewing.races import races
from lstmlab.viewing.reading import reading
from lstmlab.viewing.rules import describe_rule, draw_rule
from lstmlab.viewing.sound import Sound, listen, play
from lstmlab.viewing.style import (
    DIVERGING,
    QUANTITIES,
    SEQUENTIAL,
    SHADE,
    WIDTH,
    Look,
    annotate,
    style,
)
from lstmlab.viewing.traces import activations, gate_trace
from lstmlab.viewing.verdicts import confusion, precision_recall

__all__ = [
    "DIVERGING",
    "PARTS",
    "QUANTITIES",
    "SEQUENTIAL",
    "SHADE",
    "WIDTH",
    "Choice",
    "Control",
    "Explorer",
    "Figure",
    "Look",
    "Predict",
    "Slider",
    "Sound",
    "Step",
    "Toggle",
    "activations",
    "annotate",
    "bars",
    "boxes",
    "confusion",
    "describe_rule",
    "draw_block",
    "draw_rule",
    "explore",
    "field",
    "gate_trace",
    "heatmap",
    "interactions",
    "learning_curves",
    "lines",
    "listen",
    "marginals",
    "note_name",
    "piano_roll",
    "play",
    "precision_recall",
    "races",
    "reading",
    "shares",
    "style",
]
