"""Checks of the exercises of Part VIII, optimizers that are written: one module a chapter."""
