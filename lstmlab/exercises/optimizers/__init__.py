"""Checks of the exercises of Part VII, rules that update: one module a chapter."""
