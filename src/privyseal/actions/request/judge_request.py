"""Tell an administrator what speaks for and against a request, each verdict with its evidence, before he decides.

It only reads. Nothing of it counts as a decision: what is found good is judged again when the approval comes, when the
certificate is prepared, and once more by the issuer.
"""

from __future__ import annotations

from privyseal.actions.house import House
from privyseal.actions.pausing import pause_of
from privyseal.engine import key_policy
from privyseal.model.actor import Actor, ActorKind, require_somewhere
from privyseal.model.administrator import Administrator, Permission
from privyseal.model.authority_state import paused
from privyseal.model.domain import Domain, ValidationMethod, covers
from privyseal.model.errors import NotFound, Refused
from privyseal.model.identifiers import AdministratorId, RequestId
from privyseal.model.organization import Organization, require_vetted
from privyseal.model.policy import Policy, require_lifetime
from privyseal.model.profile import KeyAlgorithm
from privyseal.model.request import TRANSITIONS, Request, RequestEvent, RequestKind, RequestState, is_own_request
from privyseal.model.rules import Tier
from privyseal.model.unit import UnitTier
from privyseal.model.verdict import Finding, Verdict
from privyseal.store import administrators, certificates, organizations, policies, requests, revocations, units
from privyseal.store.database import Transaction

METHODS = {
    ValidationMethod.DNS_TXT: "a TXT record of the domain",
    ValidationMethod.DNS_PERSISTENT: "a TXT record that stays in the domain",
    ValidationMethod.HTTP_TOKEN: "a token on its web server",
    ValidationMethod.RESERVED: "its being a name for tests, which nobody can own",
}

CAN_BE_APPROVED = TRANSITIONS[RequestEvent.APPROVE][0]


def judge_request(house: House, tx: Transaction, actor: Actor, slug: str, request_id: RequestId) -> tuple[Verdict, ...]:
    """Return the verdicts on a request as things stand now, for ``actor`` who looks at it; raises NotFound, NotPermitted."""
    organization = organizations.require(tx, slug)
    scope = require_somewhere(actor, Permission.READ, organization.id)
    request = requests.get(tx, organization.id, request_id, scope=scope)
    if request is None:
        raise NotFound("not-found", "There is no such request in your organization.")
    policy, _ = policies.get(tx, request.policy_id, request.policy_version)
    domains = organizations.domains_of(tx, organization.id)
    return (
        *_authority(house, tx, organization, request),
        *_own(tx, actor, request),
        *_vetting(tx, organization, policy.tier),
        *(_name(tx, name, domains, policy.tier) for _, name in request.names),
        *_duplicates(tx, request),
        _key(tx, request, policy),
        _blocked(tx, request),
        _life(tx, request, policy),
        _requester(tx, request),
        *_units(tx, request),
        *_policy(tx, request, policy),
        *(Verdict("warning", Finding.WARNING, warning, "Noticed when the request came in.") for warning in _other_warnings(request)),
    )


def _authority(house: House, tx: Transaction, organization: Organization, request: Request) -> list[Verdict]:
    """Nothing is told while the CA issues: there is nothing to decide about it."""
    pause = pause_of(house, tx, organization) if request.state in CAN_BE_APPROVED else None
    if pause is None:
        return []
    return [Verdict("authority", Finding.REFUSED, paused().sentence, f"Paused since {pause.at:%-d %B %Y}.")]


def _own(tx: Transaction, actor: Actor, request: Request) -> list[Verdict]:
    person = administrators.get(tx, AdministratorId(actor.id)) if actor.kind is ActorKind.ADMINISTRATOR else None
    if person is None or not is_own_request(request, person.id, person.email):
        return []
    part = "contact" if person.email.casefold() == request.contact_email.casefold() else "sender"
    sentence = "This is your own request. Nobody approves a request of his own: another administrator decides."
    return [Verdict("own", Finding.REFUSED, sentence, f"You are its {part}.")]


def _vetting(tx: Transaction, organization: Organization, tier: Tier) -> list[Verdict]:
    """Nothing is told while the vetting counts: there is nothing to decide about it."""
    try:
        require_vetted(organization, tier, tx.now)
    except Refused as refusal:
        return [Verdict("vetting", Finding.REFUSED, refusal.sentence)]
    return []


def _name(tx: Transaction, name: str, domains: list[Domain], tier: Tier) -> Verdict:
    fitting = [domain for domain in domains if covers(domain.name, name)]
    valid = max((domain for domain in fitting if domain.is_valid(tx.now, tier)), key=lambda domain: len(domain.name), default=None)
    if valid is not None and valid.validated_at is not None and valid.method is not None:
        method, until = METHODS[valid.method], valid.valid_until(tier)
        evidence = f"{valid.name} was validated on {valid.validated_at:%-d %B %Y} by {method}; good until {until:%-d %B %Y}."
        return Verdict("name", Finding.GOOD, f"{name} lies under a domain of your organization.", evidence)
    if fitting:
        return Verdict(
            "name", Finding.REFUSED, f"The validation of the domain of {name} is missing or has expired.", f"Domain {fitting[0].name}."
        )
    return Verdict("name", Finding.REFUSED, f"{name} lies under no domain of your organization.")


def _duplicates(tx: Transaction, request: Request) -> list[Verdict]:
    found = certificates.valid_names(tx, request.organization_id, [name for _, name in request.names])
    if request.kind is RequestKind.REISSUE:
        found = {name: serial for name, serial in found.items() if serial != request.replaces_serial_hex}
    certificate = certificates.of_request(tx, request.id)
    rest = {name: serial for name, serial in found.items() if certificate is None or serial != certificate.serial_hex}
    if not rest:
        if request.kind is RequestKind.REISSUE:
            sentence = "No certificate for these names is valid now but the one that it replaces."
            return [Verdict("duplicate", Finding.GOOD, sentence, f"Serial number {request.replaces_serial_hex}.")]
        return [Verdict("duplicate", Finding.GOOD, "No other certificate for these names is valid now.")]
    return [
        Verdict("duplicate", Finding.WARNING, f"{name} has a valid certificate already. Is a second one meant?", f"Serial number {serial}.")
        for name, serial in sorted(rest.items())
    ]


def _key(tx: Transaction, request: Request, policy: Policy) -> Verdict:
    title = f"{KeyAlgorithm(request.key_algorithm).title}, {request.key_bits:,} bits"
    try:
        key_policy.check_key(request.spki_der, policy.key_algorithms)
    except Refused as refusal:
        return Verdict("key", Finding.REFUSED, refusal.sentence, title)
    if request.key_algorithm == KeyAlgorithm.RSA.value:
        checks = "Checked: size, exponent, ROCA, close primes, shared and small factors, known patterns."
    else:
        checks = "Checked: curve, and that the point lies on it."
    return Verdict("key", Finding.GOOD, "The policy allows the key, and it has none of the known weaknesses.", f"{title}. {checks}")


def _blocked(tx: Transaction, request: Request) -> Verdict:
    if revocations.blocked_reason(tx, request.spki_sha256) is not None:
        return Verdict("blocked", Finding.REFUSED, "Somebody else may have this key, so it is never certified again.")
    used = [item for item in certificates.with_key(tx, request.spki_sha256) if item.request_id != request.id]
    if used:
        return Verdict(
            "blocked", Finding.WARNING, "The same key is in another certificate already.", f"Serial number {used[-1].serial_hex}."
        )
    return Verdict("blocked", Finding.GOOD, "The key is new, and not on the list of keys that somebody else may have.")


def _life(tx: Transaction, request: Request, policy: Policy) -> Verdict:
    if request.kind is RequestKind.REISSUE:
        return Verdict(
            "life", Finding.GOOD, "It ends with the certificate that it replaces.", f"Serial number {request.replaces_serial_hex}."
        )
    try:
        require_lifetime(policy, request.lifetime_days, tx.now)
    except Refused as refusal:
        return Verdict("life", Finding.REFUSED, refusal.sentence)
    return Verdict(
        "life", Finding.GOOD, f"The policy allows {request.lifetime_days} days.", f"Policy {policy.name}, version {policy.version}."
    )


def _requester(tx: Transaction, request: Request) -> Verdict:
    if request.state is RequestState.UNCONFIRMED:
        return Verdict(
            "requester", Finding.WARNING, "The contact has not confirmed the address yet.", f"A code was mailed to {request.contact_email}."
        )
    kind = request.requester_kind
    if kind == ActorKind.REQUESTER.value:
        return Verdict(
            "requester", Finding.GOOD, "The contact has confirmed the address.", f"By the code that was mailed to {request.contact_email}."
        )
    if kind == ActorKind.API_TOKEN.value:
        sentence = "A program of your organization sent it, and vouches for the contact."
        return Verdict("requester", Finding.GOOD, sentence, f"API token {request.requester_id}.")
    person = administrators.get(tx, AdministratorId(request.requester_id))
    sender = person.name if isinstance(person, Administrator) else request.requester_id
    return Verdict("requester", Finding.GOOD, "An administrator sent it, and vouches for the contact.", f"Sent by {sender}.")


def _units(tx: Transaction, request: Request) -> list[Verdict]:
    if request.kind is RequestKind.REISSUE:
        return [Verdict("units", Finding.GOOD, "A replacement uses no unit.")]
    if request.state is RequestState.ISSUED:
        return []
    left = units.balance(tx, request.organization_id, UnitTier(request.unit_tier)).available
    if left < 1:
        return [Verdict("units", Finding.REFUSED, f"There is no {request.unit_tier} unit left. Order more before you approve.")]
    return [Verdict("units", Finding.GOOD, f"A {request.unit_tier} unit is there for it.", f"{left:,} left before this one.")]


def _policy(tx: Transaction, request: Request, policy: Policy) -> list[Verdict]:
    newest = policies.newest(tx, request.organization_id, policy.name)
    if newest is None or newest.version == policy.version:
        return []
    sentence = f"The policy {policy.name} has a newer version. This request is decided under the one it was made under."
    return [Verdict("policy", Finding.WARNING, sentence, f"Version {policy.version} here, {newest.version} now.")]


def _other_warnings(request: Request) -> list[str]:
    """What was noticed when the request came in, without the duplicates, which are looked up anew."""
    return [warning for warning in request.warnings if "already has a valid certificate" not in warning]
