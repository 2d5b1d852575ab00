"""Checks of the exercises of Part IV, an honest comparison: one module a chapter."""
