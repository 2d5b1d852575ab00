"""Checks of the exercises of Part II, further and faster: one module a chapter."""
