"""Tell at once what speaks for and against a CSR for a replacement: the rules of ``reissue_certificate``, each with its evidence.

It only reads. What it finds good is judged again when the replacement is asked for, and once more when it is signed.
"""

from __future__ import annotations

from collections.abc import Callable

from privyseal.actions.house import House
from privyseal.actions.judging import judge_key, judge_name, judge_proof
from privyseal.actions.reissuing import Original, original_of, require_other_key, require_same_names
from privyseal.engine.csr import Csr
from privyseal.engine.submission import read_names
from privyseal.model.actor import Actor
from privyseal.model.certificate import Certificate
from privyseal.model.errors import Refused
from privyseal.model.verdict import Finding, Verdict
from privyseal.store import organizations
from privyseal.store.database import Transaction


def judge_reissue(house: House, tx: Transaction, actor: Actor, slug: str, serial_hex: str, csr: Csr) -> tuple[Verdict, ...]:
    """Return the verdicts on a readable CSR for this certificate, for ``actor`` who has the right to submit.

    Raises NotFound, NotPermitted, Refused (the organization is not active) and Conflict as ``reissue_certificate``.
    """
    original = original_of(tx, actor, slug, serial_hex, None)
    serial = f"Serial number {original.certificate.serial_hex}."
    return (
        judge_proof(csr),
        judge_key(tx, csr, original.policy.key_algorithms),
        _rule("new-key", require_other_key, original.certificate, csr, "The key is another one than that of the certificate."),
        *_names(tx, original, csr),
        Verdict("life", Finding.GOOD, "It ends with the certificate that it replaces.", serial),
        Verdict("units", Finding.GOOD, "A replacement uses no unit."),
    )


def _rule(subject: str, rule: Callable[[Certificate, Csr], None], certificate: Certificate, csr: Csr, good: str) -> Verdict:
    try:
        rule(certificate, csr)
    except Refused as refusal:
        return Verdict(subject, Finding.REFUSED, refusal.sentence)
    return Verdict(subject, Finding.GOOD, good)


def _names(tx: Transaction, original: Original, csr: Csr) -> list[Verdict]:
    verdict = _rule("same-names", require_same_names, original.certificate, csr, "The names are those of the certificate.")
    if verdict.finding is Finding.REFUSED:
        return [verdict]
    names, notices = read_names(csr)
    domains = organizations.domains_of(tx, original.organization.id)
    return [
        verdict,
        *(judge_name(tx, name, domains, original.policy.tier) for name in names),
        *(Verdict("ignored", Finding.WARNING, notice) for notice in notices),
    ]
