"""The Prometheus text of the status front, written by hand: importing the client library costs more than the whole start."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator

from privyseal.status.authorities import Authorities
from privyseal.status.pulse import Pulse


def render_metrics(
    *,
    counts: Counter[tuple[str, int]],
    ocsp_counts: Counter[str],
    authorities: Authorities,
    pulse: Pulse,
    connections: int,
    page_bytes: int,
) -> str:
    """All metrics in the text format 0.0.4 of Prometheus. ``counts`` are answers by route and HTTP status."""
    age = 0.0 if pulse.checked_at is None else asyncio.get_running_loop().time() - pulse.checked_at
    answered = ((f'route="{route}",status="{status}"', count) for (route, status), count in sorted(counts.items()))
    blocks = [
        _metric("answers_total", "counter", "Answers by route and HTTP status.", answered),
        _metric(
            "ocsp_total",
            "counter",
            "OCSP answers by how they came about.",
            ((f'kind="{kind}"', n) for kind, n in sorted(ocsp_counts.items())),
        ),
        _metric("database_up", "gauge", "1 if the last look at the database succeeded.", [("", int(not pulse.trouble))]),
        _metric("database_age_seconds", "gauge", "Seconds since the database was read.", [("", round(age, 3))]),
        _metric("generation", "gauge", "Generation of revocations and CRLs that is served.", [("", pulse.generation)]),
        _metric("connections", "gauge", "Open connections.", [("", connections)]),
        _metric("page_memory_bytes", "gauge", "CRL pages in memory.", [("", page_bytes)]),
        _metric(
            "ocsp_memory_answers", "gauge", "OCSP answers in memory.", ((f'ca="{ca.row.slug}"', len(ca.answers)) for ca in authorities)
        ),
        _metric("crl_next_update_seconds", "gauge", "When the first CRL of the CA ends (Unix time).", _crl_ends(authorities)),
        _metric("ocsp_responder_not_after_seconds", "gauge", "When the responder in use ends (Unix time).", _responder_ends(authorities)),
    ]
    return "".join(blocks)


def _crl_ends(authorities: Authorities) -> Iterator[tuple[str, float]]:
    for ca in authorities:
        if ca.row.crl_next_update is not None:
            yield f'ca="{ca.row.slug}"', int(ca.row.crl_next_update.timestamp())


def _responder_ends(authorities: Authorities) -> Iterator[tuple[str, float]]:
    for ca in authorities:
        if ca.responder is not None:
            yield f'ca="{ca.row.slug}"', int(ca.responder.not_after.timestamp())


def _metric(name: str, kind: str, meaning: str, values: Iterable[tuple[str, float]]) -> str:
    full = f"privyseal_status_{name}"
    lines = [f"# HELP {full} {meaning}\n# TYPE {full} {kind}\n"]
    lines += [f"{full}{{{labels}}} {value}\n" if labels else f"{full} {value}\n" for labels, value in values]
    return "".join(lines)
