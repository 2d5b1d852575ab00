"""Checks of the exercises of Part I, the network: one module a chapter."""
