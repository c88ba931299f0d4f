"""Tell at once what speaks for and against a CSR: the rules of ``submit_request``, each with its evidence.

It only reads. What it finds good is judged again when the request is submitted, and once more when it is signed.
"""

from __future__ import annotations

from collections.abc import Sequence

from privyseal.actions.house import House
from privyseal.actions.judging import judge_key, judge_name, judge_proof
from privyseal.engine.csr import Csr
from privyseal.engine.submission import read_names
from privyseal.model.actor import Actor
from privyseal.model.errors import Refused
from privyseal.model.organization import Organization
from privyseal.model.policy import Policy, loosest_tier
from privyseal.model.profile import KeyAlgorithm
from privyseal.model.verdict import Finding, Verdict
from privyseal.store import certificates, organizations, units
from privyseal.store.database import Transaction


def judge_csr(house: House, tx: Transaction, actor: Actor, slug: str, csr: Csr, policies: Sequence[Policy]) -> tuple[Verdict, ...]:
    """Return the verdicts on a readable CSR under these policies, any of which may be chosen; raises NotFound alone."""
    organization = organizations.require(tx, slug)
    return (
        judge_proof(csr),
        judge_key(tx, csr, {algorithm for policy in policies for algorithm in policy.key_algorithms} or tuple(KeyAlgorithm)),
        *_names(tx, organization, csr, policies),
        *_units(tx, organization, policies),
    )


def _names(tx: Transaction, organization: Organization, csr: Csr, policies: Sequence[Policy]) -> list[Verdict]:
    try:
        names, notices = read_names(csr)
    except Refused as refusal:
        return [Verdict("names", Finding.REFUSED, refusal.sentence)]
    domains = organizations.domains_of(tx, organization.id)
    verdicts = [judge_name(tx, name, domains, loosest_tier(policies)) for name in names]
    for name, serial in sorted(certificates.valid_names(tx, organization.id, names).items()):
        sentence = f"{name} already has a valid certificate. A second one is possible; for a new key, replace the first one."
        verdicts.append(Verdict("duplicate", Finding.WARNING, sentence, f"Serial number {serial}", serial))
    return verdicts + [Verdict("ignored", Finding.WARNING, notice) for notice in notices]


def _units(tx: Transaction, organization: Organization, policies: Sequence[Policy]) -> list[Verdict]:
    tiers = {policy.unit_tier for policy in policies}
    if not tiers or any(units.balance(tx, organization.id, tier).available > 0 for tier in tiers):
        return []
    sentence = (
        f"{organization.name} has no unit left for this certificate. Ask your administrator to order more before you send the request."
    )
    return [Verdict("units", Finding.WARNING, sentence)]
