"""A CSR as people hand it in, pasted or as a file, and the verdicts on it in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from privyseal.actions.house import attempt
from privyseal.engine.csr import Csr, read_csr
from privyseal.look.words import gettext
from privyseal.model.errors import BadRequest
from privyseal.model.verdict import Finding, Verdict
from privyseal.reception.site import Visit

CSR_FIELDS: Final = {"csr": "csr", "key": "csr", "names": "csr", "csr_file": "csr_file"}
"""Fields of errors about a CSR, and the inputs to look at."""

_ORDER: Final = {Finding.REFUSED: 0, Finding.WARNING: 1, Finding.GOOD: 2}


def read_sent(visit: Visit) -> Csr:
    """Return the CSR of the field ``csr`` or the file ``csr_file``; a file counts first, because it was chosen on purpose.

    Raises PrivateKeyFound, recorded and its key blocked; BadRequest and Refused as ``read_csr``.
    """
    file = visit.files.get("csr_file", b"")
    field = "csr_file" if file else "csr"
    data = file or visit.form.value("csr").encode()

    def read() -> Csr:
        if not data:
            raise BadRequest("csr-missing", gettext("Paste the CSR, or choose its file."), field="csr")
        try:
            return read_csr(data)
        except BadRequest as error:
            raise BadRequest(error.kind, error.sentence, field=field) from error

    return attempt(visit.house, visit.actor, visit.about("read-csr", "csr", "csr"), read)


def names_of(csr: Csr) -> list[str]:
    """Return the host names asked for as they stand there, each once."""
    return list(dict.fromkeys(csr.dns_names))


def refused(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return the verdicts with which nobody can go on."""
    return [verdict for verdict in verdicts if verdict.finding is Finding.REFUSED]


def in_order(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return the verdicts with the reasons to refuse first."""
    return sorted(verdicts, key=lambda verdict: _ORDER[verdict.finding])
