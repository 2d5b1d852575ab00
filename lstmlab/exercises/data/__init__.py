"""Checks of the exercises of Part III, the data: one module a chapter."""
