"""The CA of trials: a root and an issuing CA whose names say TEST, beside the real ones and under none of them.

Made by `privyseal init`, and by `privyseal ca add-test` where a service has none yet:

 1. the two key files and the OCSP responder's, under the passphrases of the processes that open them; what is there is used again
 2. one transaction: both CAs, the responder's certificate, their CRL scopes, the audit entry

The test root's key stays on the machine: nobody trusts it, and the issuer renews its CRL as any other's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from privyseal.actions.certificate.certify_responder import certify_responder
from privyseal.actions.house import TEST_ISSUING, TEST_ROOT, House, record, sha256_hex
from privyseal.engine import hierarchy
from privyseal.engine.authority import Authority
from privyseal.engine.certificate import Issuer
from privyseal.engine.hierarchy import CaName, CaPlan, KeyKind, PermittedNames
from privyseal.engine.serials import new_serial
from privyseal.engine.signers import SigningKey, encrypted_key_file
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict
from privyseal.model.identifiers import AuthorityId, RandomBytes, new_id
from privyseal.model.organization import TRIAL_MARK
from privyseal.store import authorities, revocations
from privyseal.store.authorities import StoredAuthority
from privyseal.store.database import Transaction

SERIAL_PREFIX = 0x50
RESPONDER = f"ocsp-{TEST_ISSUING}"
NAMES = {TEST_ROOT: "TEST Root CA 1 - nobody trusts it", TEST_ISSUING: "TEST Issuing CA 1 - nobody trusts it"}
"""Common names; that of the provider stands in the organization, behind TEST as well."""


@dataclass(frozen=True, slots=True)
class TrialKeys:
    """The private keys; they leave this module only into key files."""

    root: SigningKey
    issuing: SigningKey
    responder: SigningKey


@dataclass(frozen=True, slots=True)
class TrialPlan:
    """``provider`` is the provider's name as it stands in its CA certificates."""

    provider: str
    key: KeyKind
    permitted_names: PermittedNames | None
    status_url: str


def make_test_keys(folder: Path, kind: KeyKind, issuer_secret: bytes, status_secret: bytes) -> TrialKeys:
    """Make the key files that are missing and return all keys."""
    root = _key(folder / f"{TEST_ROOT}.key", kind, issuer_secret)
    issuing = _key(folder / f"{TEST_ISSUING}.key", kind, issuer_secret)
    fast = encrypted_key_file.ROUNDS_FOR_RANDOM_PASSPHRASE
    return TrialKeys(root, issuing, _key(folder / f"{RESPONDER}.key", "p256", status_secret, fast))


def _key(path: Path, kind: KeyKind, secret: bytes, rounds: int = encrypted_key_file.ROUNDS) -> SigningKey:
    if not path.exists():
        encrypted_key_file.create(path, hierarchy.generate_key(kind), secret, rounds=rounds)
    return encrypted_key_file.load(path, secret)


def make_test_authorities(
    plan: TrialPlan, keys: TrialKeys, now: datetime, random_bytes: RandomBytes
) -> list[tuple[Authority, StoredAuthority]]:
    """Return root and issuing CA, with their certificates signed."""

    def ca_plan(slug: str, days: int) -> CaPlan:
        name = CaName(NAMES[slug], organization=(TRIAL_MARK + plan.provider)[:64].strip())
        return CaPlan(name, new_serial(SERIAL_PREFIX, random_bytes), now, days, plan.permitted_names)

    root_certificate = hierarchy.make_root(ca_plan(TEST_ROOT, hierarchy.ISSUING_CA_LIFETIME_DAYS), keys.root)
    root = Issuer(root_certificate, TEST_ROOT, plan.status_url, 1)
    plan_below = ca_plan(TEST_ISSUING, hierarchy.ISSUING_CA_LIFETIME_DAYS)
    issuing = hierarchy.make_issuing_ca(plan_below, keys.issuing.public_key(), root, keys.root)
    made = []
    for slug, certificate in ((TEST_ROOT, root_certificate), (TEST_ISSUING, issuing)):
        authority_id = AuthorityId(new_id("ca", now, random_bytes))
        chain = (certificate,) if slug == TEST_ISSUING else ()
        authority = Authority(authority_id, slug, slug, Issuer(certificate, slug, plan.status_url, 1), chain, root_certificate)
        made.append((authority, StoredAuthority(authority_id, slug, slug, certificate, 1, now)))
    return made


def store_test_authorities(
    house: House, tx: Transaction, actor: Actor, made: list[tuple[Authority, StoredAuthority]], keys: TrialKeys
) -> None:
    """Store both CAs with everything that the issuer and the status front need of them."""
    for authority, stored in made:
        authorities.insert(tx, stored)
        revocations.create_scopes(tx, stored.id, stored.shard_count)
        event = AuditEvent("add-test-authority", Outcome.DONE, "ca", authority.slug, sha256_hex(stored.certificate))
        record(house, tx, actor, "", event)
    certify_responder(house, tx, actor, made[1][0], keys.issuing, keys.responder.public_key())


def require_none_yet(house: House) -> None:
    """Raise Conflict ``test-authority`` where the service has its test CA already."""
    if house.has_trials:
        raise Conflict("test-authority", "This service has its test certification authority already. Nothing was changed.")
