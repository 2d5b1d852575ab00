"""Exercises with instant feedback: right, or what is wrong and a hint; never the solution."""

from lstmlab.exercises.feedback import Feedback, Wrong
from lstmlab.exercises.registry import EXERCISES, KINDS, Exercise, check, exercise, load, parts

__all__ = [
    "EXERCISES",
    "KINDS",
    "Exercise",
    "Feedback",
    "Wrong",
    "check",
    "exercise",
    "load",
    "parts",
]
