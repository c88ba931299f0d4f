"""The shape of one measured figure, as ``scripts/bench --json`` prints it, one object per line."""

from __future__ import annotations

from typing import TypedDict


class Figure(TypedDict):
    """One figure. ``ok`` says whether it keeps the floor that the module names beside the measurement.

    ``value`` and ``reference_value`` are in ``unit``; ``ratio`` is always "better is larger": value over reference for rates,
    reference over value for times and sizes. ``n`` is how many operations were measured.
    """

    figure: str
    what: str
    value: float
    unit: str
    reference: str
    reference_value: float
    ratio: float
    n: int
    ok: bool


def line_for_people(figure: Figure) -> str:
    """One line of text for a terminal."""
    verdict = "ok" if figure["ok"] else "MISSED"
    return (
        f"{figure['figure']:<4} {figure['what']}: {figure['value']:,.4g} {figure['unit']}"
        f" against {figure['reference_value']:,.4g} of {figure['reference']} = {figure['ratio']:,.3g}x (n={figure['n']:,}) {verdict}"
    )
