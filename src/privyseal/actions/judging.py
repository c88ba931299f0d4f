"""What is required of a CSR that was read, and the verdicts on it, alike whether it is for a new certificate or for a replacement."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from privyseal.engine import key_policy
from privyseal.engine.csr import Csr
from privyseal.model.domain import Domain, covers, require_covered
from privyseal.model.errors import Refused
from privyseal.model.profile import KeyAlgorithm
from privyseal.model.rules import Tier
from privyseal.model.verdict import Finding, Verdict
from privyseal.store import revocations
from privyseal.store.database import Transaction


def judge_proof(csr: Csr) -> Verdict:
    """Return the verdict on its signature, which was verified when it was read."""
    evidence = f"SHA-256 of the key: {csr.spki_sha256.hex()}"
    return Verdict("proof", Finding.GOOD, "The CSR is signed with its own key, so its sender has the private key.", evidence)


def require_key(tx: Transaction, csr: Csr, allowed: Collection[KeyAlgorithm]) -> None:
    """Raise Refused unless its key may be certified: as check_key, and ``key-blocked`` where others may have its private half."""
    key_policy.check_key(csr.spki_der, allowed)
    if revocations.blocked_reason(tx, csr.spki_sha256.hex()) is not None:
        sentence = "Somebody else may have this key, so it is never certified again. Make a new key and a new CSR."
        raise Refused("key-blocked", sentence, field="csr")


def judge_key(tx: Transaction, csr: Csr, allowed: Collection[KeyAlgorithm]) -> Verdict:
    """Return the verdict on its key, given the kinds that may be certified."""
    title = csr.key.algorithm.title + (f", {csr.key.bits:,} bits" if csr.key.algorithm is KeyAlgorithm.RSA else "")
    try:
        require_key(tx, csr, allowed)
    except Refused as refusal:
        return Verdict("key", Finding.REFUSED, refusal.sentence, title)
    return Verdict("key", Finding.GOOD, "The key is strong enough and has none of the known weaknesses.", title)


def judge_name(tx: Transaction, name: str, domains: Sequence[Domain], tier: Tier) -> Verdict:
    """Return the verdict on one of its names, given the domains of the organization."""
    try:
        require_covered([name], domains, tx.now, tier)
    except Refused as refusal:
        return Verdict("names", Finding.REFUSED, refusal.sentence, name)
    fitting = [domain for domain in domains if domain.is_valid(tx.now, tier) and covers(domain.name, name)]
    domain = max(fitting, key=lambda found: len(found.name))
    evidence = f"Under {domain.name}, validated until {domain.valid_until(tier):%-d %B %Y}"
    return Verdict("names", Finding.GOOD, f"{name} belongs to the organization.", evidence)
