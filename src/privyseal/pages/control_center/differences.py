"""What will be certified, fact by fact, beside what the previous certificate of the same name had."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from privyseal.look.rendering import number
from privyseal.look.sentences import word
from privyseal.look.words import gettext, ngettext
from privyseal.model.certificate import Certificate
from privyseal.model.custom_field import labelled
from privyseal.model.organization import Organization
from privyseal.model.policy import Policy
from privyseal.model.profile import SubjectField
from privyseal.model.request import Request, RequestKind
from privyseal.model.scope import Scope
from privyseal.store import certificate_servers, certificates, policies, requests
from privyseal.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact with its values; ``fresh`` are values that the previous certificate had not, ``gone`` those it had instead."""

    term: str
    values: tuple[str, ...]
    fresh: frozenset[str] = frozenset()
    gone: tuple[str, ...] = ()
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class Previous:
    """The certificate that the request is compared with, and the request it came from, naming the servers that have it now."""

    certificate: Certificate
    request: Request
    policy: Policy


def previous_of(tx: Transaction, organization: Organization, request: Request, mine: Scope) -> Previous | None:
    """Return the certificate that a reissue replaces, or else the newest one of the same first name in sight, issued before it."""
    if request.replaces is not None:
        found = certificates.get(tx, request.replaces)
    else:
        older = certificates.page(tx, organization.id, name=request.names[0][1], scope=mine, limit=2)
        found = next((item for item in older if item.request_id != request.id and item.issued_at < request.changed_at), None)
    before = requests.get(tx, organization.id, found.request_id, scope=mine) if found is not None and found.request_id else None
    if found is None or before is None:
        return None
    before = dataclasses.replace(before, endpoints=certificate_servers.current(tx, found).endpoints)
    return Previous(found, before, policies.get(tx, before.policy_id, before.policy_version)[0])


def facts_of(request: Request, policy: Policy, previous: Previous | None, department: str) -> list[Fact]:
    """Return everything that is signed, in the order in which a person reads it; ``department`` in words, "" for none."""
    now = _texts(request, policy)
    before = _texts(previous.request, previous.policy) if previous else None
    facts = [_fact(term, values, before[term] if before else None) for term, values in now.items()]
    # A new key is the rule; that it is the old one again is told by a check, and would be told by no mark.
    facts.append(Fact(gettext("Department"), (department or gettext("none: the organization itself"),)))
    if request.custom_fields:
        # Under one term of ours: a label that somebody chose never looks like another fact of what is signed.
        answers = tuple(f"{label}: {value}" for _, label, value in labelled(policy.custom_fields, request.custom_fields))
        facts.append(Fact(gettext("Questions of your own"), answers))
    return [*facts, Fact(gettext("SHA-256 of the key"), (request.spki_sha256,), is_code=True)]


def _fact(term: str, values: tuple[str, ...], before: tuple[str, ...] | None) -> Fact:
    if before is None or set(before) == set(values):
        return Fact(term, values)
    gone = tuple(value for value in before if value not in values)
    return Fact(term, values, frozenset(values) - frozenset(before), gone)


def _texts(request: Request, policy: Policy) -> dict[str, tuple[str, ...]]:
    subject = [f"{_FIELDS[field]} = {value}" for field, value in request.subject]
    return {
        gettext("Names"): tuple(name for _, name in request.names),
        gettext("Subject"): tuple(subject),
        gettext("Key"): (key_words(request.key_algorithm, request.key_bits),),
        gettext("Life"): (_life(request),),
        gettext("Servers"): _addresses(request),
        gettext("Price"): (_price(request),),
        gettext("Contact"): (request.contact_email,),
        gettext("Policy"): (gettext("%(name)s, version %(version)s") % {"name": policy.name, "version": policy.version},),
    }


def key_words(algorithm: str, bits: int) -> str:
    """Return kind and size of a key as people name it."""
    curves = {"p256": "ECDSA P-256", "p384": "ECDSA P-384", "p521": "ECDSA P-521", "ed25519": "Ed25519"}
    return curves.get(algorithm) or gettext("RSA, %(bits)s bits") % {"bits": number(bits)}


def _life(request: Request) -> str:
    if request.kind is RequestKind.REISSUE:
        return gettext("Ends with the certificate %(serial)s, which it replaces") % {"serial": request.replaces_serial_hex}
    return ngettext("%(num)s day", "%(num)s days", request.lifetime_days) % {"num": request.lifetime_days}


def _addresses(request: Request) -> tuple[str, ...]:
    return tuple(f"{endpoint.address} ({word(endpoint.kind.value)})" for endpoint in request.endpoints)


def _price(request: Request) -> str:
    if request.kind is RequestKind.REISSUE:
        return gettext("No unit: a reissue is free")
    return gettext("1 %(tier)s unit") % {"tier": word(request.unit_tier)}


_FIELDS = {
    SubjectField.COUNTRY: "C",
    SubjectField.STATE: "ST",
    SubjectField.LOCALITY: "L",
    SubjectField.ORGANIZATION: "O",
    SubjectField.COMMON_NAME: "CN",
}


def changed_terms(facts: Sequence[Fact]) -> list[str]:
    """Return the terms whose values differ from the previous certificate's."""
    return [fact.term for fact in facts if fact.fresh or fact.gone]
