"""Searches that administrators keep for themselves."""
