"""The texts of ``seal``: short, aligned, plain. Everything shown to people passes through here.

Times are shown in UTC. Texts of other people are made harmless for a terminal where they are printed, in ``desk``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from privyseal_agent.rest.documents import Document

SUBJECT_NAMES: Final = {"2.5.4.6": "C", "2.5.4.8": "ST", "2.5.4.7": "L", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.3": "CN"}

STATE_WORDS: Final = {
    "unconfirmed": "waiting for its contact to confirm the address",
    "pending": "waiting for a decision",
    "held": "held with a question to its contact",
    "rejected": "rejected",
    "withdrawn": "withdrawn",
    "lapsed": "lapsed without a decision",
    "approved": "approved, not issued yet",
    "issuing": "being issued",
    "issued": "issued",
    "failed": "approved, but could not be issued",
}
"""What the states of a request mean to its requester."""


def one_line(text: str) -> str:
    """Return the text on one line."""
    return " ".join(text.split())


def moment(text: str) -> str:
    """Return an RFC 3339 time as people read it: ``2026-11-22 01:02 UTC``; any other text stays as it is."""
    date, separator, time = text.removesuffix("Z").partition("T")
    return f"{date} {time[:5]} UTC" if separator and text.endswith("Z") else text


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """Return label and value per line, values aligned; rows without a value are left out, more lines are indented."""
    kept = [(label, value) for label, value in rows if value]
    width = max((len(label) for label, _ in kept), default=0) + 2
    return "\n".join(f"{label:<{width}}{value.replace(chr(10), chr(10) + ' ' * width)}".rstrip() for label, value in kept)


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str) -> str:
    """Return aligned columns under their names, or the sentence ``empty`` when there is no row."""
    if not rows:
        return empty
    lines = [tuple(header), *(tuple(one_line(cell) for cell in row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)


def count(number: int, noun: str) -> str:
    """Return ``1 entry`` or ``2 entries``."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def bare_names(names: Iterable[str]) -> str:
    """Return names without their kind, separated by commas: ``www.example.test, example.test``."""
    return ", ".join(name.partition(":")[2] or name for name in names)


def request_facts(request: Document) -> str:
    """Return what an administrator decides on."""
    policy, contact = request.part("policy"), request.part("contact")
    approvals = f"{len(request.parts('approvals'))} of {request.integer('approvals_needed')}"
    key = request.part("key")
    filled_in = request.parts("custom_fields") if "custom_fields" in request.fields else ()
    return facts(
        [
            ("Request", request.text("id")),
            ("State", STATE_WORDS.get(request.text("state"), request.text("state"))),
            ("Reason", request.maybe("state_reason")),
            ("Kind", _kind(request)),
            ("Organization", request.text("organization")),
            ("Subject", subject_text(request.pairs("subject"))),
            ("Names", "\n".join(name.partition(":")[2] or name for name in request.texts("names"))),
            ("Key", f"{key.text('algorithm')}, {key.integer('bits')} bits"),
            ("Key SHA-256", request.text("spki_sha256")),
            ("Life", f"{request.integer('lifetime_days')} days"),
            ("Servers", "\n".join(request.texts("endpoints"))),
            ("Unit", request.text("unit_tier")),
            ("Policy", f"{policy.text('name')}, version {policy.integer('version')}"),
            ("Contact", f"{contact.text('name')} <{contact.text('email')}>"),
            *((item.text("label"), item.text("value")) for item in filled_in),
            ("Platform", request.maybe("server_platform")),
            ("Comment", request.maybe("comment")),
            ("Warnings", "\n".join(request.texts("warnings"))),
            ("Questions", "\n".join(_asked(question) for question in request.parts("questions")) if "questions" in request.fields else ""),
            ("Approvals", approvals),
            ("Certificate", request.maybe("serial")),
            ("Received", moment(request.text("created_at"))),
        ]
    )


def certificate_facts(certificate: Document) -> str:
    """Return what an issued certificate is and how it stands."""
    contact = certificate.part("contact")
    revoked = moment(certificate.maybe("revoked_at"))
    reason = certificate.maybe("revocation_reason")
    return facts(
        [
            ("Serial", certificate.text("serial")),
            ("State", certificate.text("state")),
            ("Revoked", f"{revoked} ({reason})" if revoked and reason else revoked),
            ("Name", certificate.text("common_name")),
            ("Names", "\n".join(name.partition(":")[2] or name for name in certificate.texts("names"))),
            ("Servers", "\n".join(certificate.texts("endpoints")) if "endpoints" in certificate.fields else ""),
            ("Valid from", moment(certificate.text("not_before"))),
            ("Valid until", moment(certificate.text("not_after"))),
            ("SHA-256", certificate.text("sha256")),
            ("Request", certificate.maybe("request")),
            ("Replaces", certificate.maybe("replaces")),
            ("Contact", f"{contact.text('name')} <{contact.text('email')}>"),
            ("Picked up", moment(certificate.maybe("picked_up_at"))),
            ("History", "\n".join(_happened(entry) for entry in certificate.parts("history")) if "history" in certificate.fields else ""),
        ]
    )


def subject_text(subject: Iterable[tuple[str, str]]) -> str:
    """Return a subject as ``C=US, O=Example``; attributes without a short name keep their dotted form."""
    return ", ".join(f"{SUBJECT_NAMES.get(oid, oid)}={value}" for oid, value in subject)


def _happened(entry: Document) -> str:
    outcome = entry.text("outcome")
    return f"{moment(entry.text('time'))}  {entry.text('action')}" + ("" if outcome == "done" else f" ({outcome})")


def _asked(question: Document) -> str:
    asked = f"{moment(question.text('asked_at'))}  {question.text('question')}"
    given = moment(question.maybe("answered_at"))
    return f"{asked}\n{given}  Answer: {question.maybe('answer')}" if given else f"{asked} (no answer yet)"


def _kind(request: Document) -> str:
    replaced = request.maybe("replaces")
    return f"reissue of {replaced}" if replaced else request.text("kind")
