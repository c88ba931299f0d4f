"""Hands in many signed approvals, as many at a time as the service takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from privyseal_agent.errors import Refused, SealError
from privyseal_agent.rest.client import Service
from privyseal_agent.rest.documents import Document

AT_ONCE: Final = 40
BODY_CHARACTERS: Final = 100_000
"""The service takes 40 approvals and 128 KiB; the ids and the JSON around the signatures need room too."""


def hand_in_together(service: Service, signed: Sequence[tuple[str, str]]) -> list[Document]:
    """Send (request, signature) pairs; return what became of each, in order: its state, or the ``problem`` that it met.

    When the service is lost on the way, what was not answered has that as its problem, because the rest counts already.
    Raises SealError when nothing was answered, Refused ``answer`` for an answer about other requests.
    """
    outcomes: list[Document] = []
    for part in _parts(signed):
        body = {"approvals": [{"request": request, "signature": signature} for request, signature in part]}
        try:
            items = service.post(service.path("approvals"), body).parts("items")
            if [item.text("request") for item in items] != [request for request, _ in part]:
                raise Refused("answer", "The service answers about other requests than those that were handed in. Look at each of them.")
        except SealError as error:
            if not outcomes:
                raise
            problem = {"kind": error.kind, "detail": error.sentence}
            items = tuple(Document.of({"request": request, "problem": problem}) for request, _ in part)
        outcomes += items
    return outcomes


def _parts(signed: Sequence[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    part: list[tuple[str, str]] = []
    size = 0
    for request, signature in signed:
        if part and (len(part) == AT_ONCE or size + len(signature) > BODY_CHARACTERS):
            yield part
            part, size = [], 0
        part.append((request, signature))
        size += len(signature)
    if part:
        yield part
