"""Tell at once what speaks for and against a CSR: the rules of ``submit_request``, each with its evidence.

It only reads. What it finds good is judged again when the request is submitted, and once more when it is signed.
"""

from __future__ import annotations

from collections.abc import Sequence

from privyseal.actions.house import House
from privyseal.engine import key_policy
from privyseal.engine.csr import Csr
from privyseal.engine.submission import read_names
from privyseal.model.actor import Actor
from privyseal.model.domain import Domain, covers, require_covered
from privyseal.model.errors import Refused
from privyseal.model.organization import Organization
from privyseal.model.policy import Policy, loosest_tier
from privyseal.model.profile import KeyAlgorithm
from privyseal.model.rules import Tier
from privyseal.model.verdict import Finding, Verdict
from privyseal.store import certificates, organizations, revocations, units
from privyseal.store.database import Transaction

KEY_TITLES = {
    KeyAlgorithm.RSA: "RSA",
    KeyAlgorithm.P256: "ECDSA P-256",
    KeyAlgorithm.P384: "ECDSA P-384",
    KeyAlgorithm.P521: "ECDSA P-521",
    KeyAlgorithm.ED25519: "Ed25519",
}


def judge_csr(house: House, tx: Transaction, actor: Actor, slug: str, csr: Csr, policies: Sequence[Policy]) -> tuple[Verdict, ...]:
    """Return the verdicts on a readable CSR under these policies, any of which may be chosen; raises NotFound alone."""
    organization = organizations.require(tx, slug)
    return (
        Verdict("proof", Finding.GOOD, "The CSR is signed with its own key, so its sender has the private key.", _fingerprint(csr)),
        _key(tx, csr, policies),
        *_names(tx, organization, csr, policies),
        *_units(tx, organization, policies),
    )


def _fingerprint(csr: Csr) -> str:
    return f"SHA-256 of the key: {csr.spki_sha256.hex()}"


def _key(tx: Transaction, csr: Csr, policies: Sequence[Policy]) -> Verdict:
    title = KEY_TITLES[csr.key.algorithm] + (f", {csr.key.bits:,} bits" if csr.key.algorithm is KeyAlgorithm.RSA else "")
    allowed = {algorithm for policy in policies for algorithm in policy.key_algorithms}
    try:
        key_policy.check_key(csr.spki_der, allowed or tuple(KeyAlgorithm))
    except Refused as refusal:
        return Verdict("key", Finding.REFUSED, refusal.sentence, title)
    if revocations.blocked_reason(tx, csr.spki_sha256.hex()) is not None:
        sentence = "Somebody else may have this key, so it is never certified again. Make a new key and a new CSR."
        return Verdict("key", Finding.REFUSED, sentence, title)
    return Verdict("key", Finding.GOOD, "The key is strong enough and has none of the known weaknesses.", title)


def _names(tx: Transaction, organization: Organization, csr: Csr, policies: Sequence[Policy]) -> list[Verdict]:
    try:
        names, notices = read_names(csr)
    except Refused as refusal:
        return [Verdict("names", Finding.REFUSED, refusal.sentence)]
    domains = organizations.domains_of(tx, organization.id)
    verdicts = [_name(tx, name, domains, loosest_tier(policies)) for name in names]
    for name, serial in sorted(certificates.valid_names(tx, organization.id, names).items()):
        sentence = f"{name} already has a valid certificate. A second one is possible; for a new key, replace the first one."
        verdicts.append(Verdict("duplicate", Finding.WARNING, sentence, f"Serial number {serial}", serial))
    return verdicts + [Verdict("ignored", Finding.WARNING, notice) for notice in notices]


def _name(tx: Transaction, name: str, domains: Sequence[Domain], tier: Tier) -> Verdict:
    try:
        require_covered([name], domains, tx.now, tier)
    except Refused as refusal:
        return Verdict("names", Finding.REFUSED, refusal.sentence, name)
    fitting = [domain for domain in domains if domain.is_valid(tx.now, tier) and covers(domain.name, name)]
    domain = max(fitting, key=lambda found: len(found.name))
    evidence = f"Under {domain.name}, validated until {domain.valid_until(tier):%-d %B %Y}"
    return Verdict("names", Finding.GOOD, f"{name} belongs to the organization.", evidence)


def _units(tx: Transaction, organization: Organization, policies: Sequence[Policy]) -> list[Verdict]:
    tiers = {policy.unit_tier for policy in policies}
    if not tiers or any(units.balance(tx, organization.id, tier).available > 0 for tier in tiers):
        return []
    sentence = (
        f"{organization.name} has no unit left for this certificate. Ask your administrator to order more before you send the request."
    )
    return [Verdict("units", Finding.WARNING, sentence)]
