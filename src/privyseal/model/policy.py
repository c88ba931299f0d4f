"""A certificate policy of one organization: what may be requested, for how long, and how it is approved; versioned.

A version never changes; a new one is added. Its canonical content has a checksum that approvals name and that is
verified again at every signing. Content of the form 1 stays readable for ever; new versions are of the form 2.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Final

from privyseal.model import rules
from privyseal.model.administrator import PERMISSIONS, Administrator, Permission, Role
from privyseal.model.custom_field import CustomField, FieldPattern, judge_fields
from privyseal.model.errors import NotPermitted, Refused
from privyseal.model.identifiers import OrganizationId, PolicyId
from privyseal.model.profile import PROFILES, SUBSCRIBER_PROFILES, KeyAlgorithm, KeyPurpose, KeyUsage, Profile
from privyseal.model.unit import UnitTier

MAXIMUM_ENDPOINTS = 20  # A12: up to twenty servers per certificate.
FORM_1, FORM_2 = "privyseal.policy.v1", "privyseal.policy.v2"


class Lint(enum.Enum):
    """How the to-be-signed bytes are linted; there is no third way (architecture section 3 step 7)."""

    EACH = "each"
    TEMPLATE = "template"


class Requester(enum.Enum):
    """Who may ask for a certificate. ``ADDRESSES`` are people with a mail address below a domain of the organization."""

    ANYBODY = "anybody"
    ADDRESSES = "addresses"
    PEOPLE = "people"
    TOKENS = "tokens"


OPEN: Final = frozenset({Requester.ANYBODY, Requester.ADDRESSES})
"""Who needs no account: they confirm an address instead."""

PURPOSES: Final[Mapping[str, KeyPurpose]] = {
    "serverAuth": KeyPurpose.SERVER_AUTH,
    "clientAuth": KeyPurpose.CLIENT_AUTH,
    "emailProtection": KeyPurpose.EMAIL_PROTECTION,
}
"""Purposes by the names of RFC 5280 4.2.1.12, as policies write them."""

_PURPOSE_NAMES: Final = {purpose: name for name, purpose in PURPOSES.items()}

APPROVERS: Final = tuple(role for role in Role if Permission.APPROVE in PERMISSIONS[role])
"""Roles that a policy may demand of whoever approves."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One version. ``sha256`` is the hex digest of the canonical form of :func:`policy_content`.

    ``key_usage`` and ``key_purposes`` are what is left of the profile's; empty means all of them. ``approvers`` is the role
    that an approver needs, None for any with the right. ``publish`` asks that certificates are published once a directory is connected.
    """

    id: PolicyId
    organization_id: OrganizationId
    name: str
    version: int
    profile_id: str
    profile_version: int
    tier: rules.Tier
    unit_tier: UnitTier
    key_algorithms: tuple[KeyAlgorithm, ...]
    lifetimes_days: tuple[int, ...]
    approvals: int
    lint: Lint
    max_endpoints: int
    sha256: str
    created_at: datetime
    requesters: frozenset[Requester] = frozenset({Requester.PEOPLE, Requester.TOKENS})
    key_usage: tuple[KeyUsage, ...] = ()
    key_purposes: tuple[KeyPurpose, ...] = ()
    approvers: Role | None = None
    cms_only: bool = False
    custom_fields: tuple[CustomField, ...] = ()
    publish: bool = False

    @property
    def profile(self) -> Profile:
        """The profile version this policy issues by, narrowed to the usages and purposes of the policy."""
        return _narrowed(self.profile_id, self.profile_version, self.key_usage, self.key_purposes)

    @property
    def open_enrollment(self) -> bool:
        """Whether people without an account may ask."""
        return not self.requesters.isdisjoint(OPEN)


@lru_cache(maxsize=256)
def _narrowed(profile_id: str, version: int, usage: tuple[KeyUsage, ...], purposes: tuple[KeyPurpose, ...]) -> Profile:
    profile = PROFILES[profile_id, version]
    if not usage and not purposes:
        return profile
    return replace(
        profile,
        rsa_key_usage=tuple(item for item in profile.rsa_key_usage if not usage or item in usage),
        ec_key_usage=tuple(item for item in profile.ec_key_usage if not usage or item in usage),
        key_purposes=tuple(item for item in profile.key_purposes if not purposes or item in purposes),
    )


def every_usage(profile: Profile) -> tuple[KeyUsage, ...]:
    """Return what keys of a profile may be used for, whatever their kind."""
    return tuple(item for item in KeyUsage if item in {*profile.rsa_key_usage, *profile.ec_key_usage})


def policy_content(policy: Policy) -> dict[str, object]:
    """Return what the checksum covers, as a mapping of canonical JSON values."""
    return {
        "type": FORM_2,
        "id": policy.id,
        "version": policy.version,
        "name": policy.name,
        "profile": {"id": policy.profile_id, "version": policy.profile_version},
        "tier": policy.tier.value,
        "unit_tier": policy.unit_tier.value,
        "key_algorithms": [algorithm.value for algorithm in policy.key_algorithms],
        "key_usage": [item.value for item in policy.key_usage or every_usage(policy.profile)],
        "key_purposes": [_PURPOSE_NAMES[item] for item in policy.key_purposes or policy.profile.key_purposes],
        "lifetimes_days": list(policy.lifetimes_days),
        "requesters": [item.value for item in Requester if item in policy.requesters],
        "approvers": policy.approvers.value if policy.approvers else "",
        "approvals": policy.approvals,
        "cms_only": policy.cms_only,
        "custom_fields": [
            {
                "name": item.name,
                "label": item.label,
                "required": item.required,
                "pattern": item.pattern.value,
                "max_length": item.max_length,
            }
            for item in policy.custom_fields
        ],
        "publish": policy.publish,
        "lint": policy.lint.value,
        "max_endpoints": policy.max_endpoints,
    }


def read_policy(content: Mapping[str, object], organization_id: OrganizationId, sha256: str, created_at: datetime) -> Policy:
    """Return the policy that :func:`policy_content` described, of form 1 or 2; raises KeyError or ValueError on another form."""
    profile = _mapping(content["profile"])
    policy = Policy(
        id=PolicyId(str(content["id"])),
        organization_id=organization_id,
        name=str(content["name"]),
        version=_integer(content["version"]),
        profile_id=str(profile["id"]),
        profile_version=_integer(profile["version"]),
        tier=rules.Tier(content["tier"]),
        unit_tier=UnitTier(content["unit_tier"]),
        key_algorithms=tuple(KeyAlgorithm(value) for value in _sequence(content["key_algorithms"])),
        lifetimes_days=tuple(_integer(value) for value in _sequence(content["lifetimes_days"])),
        approvals=_integer(content["approvals"]),
        lint=Lint(content["lint"]),
        max_endpoints=_integer(content["max_endpoints"]),
        sha256=sha256,
        created_at=created_at,
    )
    if content["type"] == FORM_1:
        known = {Requester.PEOPLE, Requester.TOKENS} | ({Requester.ANYBODY} if content["open_enrollment"] else set())
        return replace(policy, requesters=frozenset(known))
    if content["type"] != FORM_2:
        message = "type"
        raise ValueError(message)
    return replace(
        policy,
        requesters=frozenset(Requester(value) for value in _sequence(content["requesters"])),
        key_usage=tuple(KeyUsage(value) for value in _sequence(content["key_usage"])),
        key_purposes=tuple(PURPOSES[str(value)] for value in _sequence(content["key_purposes"])),
        approvers=Role(content["approvers"]) if content["approvers"] else None,
        cms_only=bool(content["cms_only"]),
        custom_fields=tuple(_custom_field(_mapping(value)) for value in _sequence(content["custom_fields"])),
        publish=bool(content["publish"]),
    )


def _custom_field(values: Mapping[str, object]) -> CustomField:
    return CustomField(
        str(values["name"]),
        str(values["label"]),
        bool(values["required"]),
        FieldPattern(values["pattern"]),
        _integer(values["max_length"]),
    )


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        message = "not an object"
        raise ValueError(message)  # noqa: TRY004 - one error type for every wrong form
    return value


def _integer(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        message = "not an integer"
        raise ValueError(message)  # noqa: TRY004 - one error type for every wrong form
    return value


def _sequence(value: object) -> list[object]:
    if not isinstance(value, list):
        message = "not a list"
        raise ValueError(message)  # noqa: TRY004 - one error type for every wrong form
    return value


def loosest_tier(policies: Iterable[Policy]) -> rules.Tier:
    """Return the private tier if one of the policies is of it: what may be asked for before one of them is chosen."""
    tiers = {policy.tier for policy in policies}
    return rules.Tier.PUBLIC if tiers == {rules.Tier.PUBLIC} else rules.Tier.PRIVATE


def may_approve(policy: Policy, person: Administrator, *, by_passkey: bool) -> bool:
    """Tell whether a person with the right to approve may approve under this policy, with this kind of credential."""
    has_role = policy.approvers is None or any(item.role is policy.approvers for item in person.assignments)
    return has_role and not (policy.cms_only and by_passkey)


def require_approver(policy: Policy, person: Administrator, *, by_passkey: bool) -> None:
    """Raise NotPermitted ``cms-only`` or ``approver-role`` unless :func:`may_approve`."""
    if policy.cms_only and by_passkey:
        sentence = (
            f"The policy {policy.name} takes approvals by Administrator ID only, because a passkey does not show what it signs. "
            "Approve with seal request approve, or sign the downloaded bytes with openssl."
        )
        raise NotPermitted("cms-only", sentence)
    if not may_approve(policy, person, by_passkey=by_passkey):
        role = policy.approvers.value if policy.approvers else ""
        sentence = f"Under the policy {policy.name} only people with the role {role} approve; {person.name} has another one."
        raise NotPermitted("approver-role", sentence)


def require_lifetime(policy: Policy, lifetime_days: int, now: datetime) -> int:
    """Return the life in days; raises Refused ``lifetime`` outside the policy or the legal cap of its tier (I23)."""
    cap = rules.at(rules.LIFETIME_CAP[policy.tier], now)
    allowed = [days for days in policy.lifetimes_days if days <= cap.days]
    if lifetime_days not in allowed:
        listed = ", ".join(str(days) for days in allowed) or "0"
        limit = f" {cap.source} allows at most {cap.days} days since {cap.effective}." if lifetime_days in policy.lifetimes_days else ""
        sentence = f"A certificate of the policy {policy.name} lives {listed} days; {lifetime_days} days were asked for.{limit}"
        raise Refused("lifetime", sentence, field="lifetime_days")
    return lifetime_days


def require_few_endpoints(policy: Policy, number: int) -> None:
    """Raise Refused ``too-many-endpoints`` for more servers than one certificate may have (I22)."""
    if number > policy.max_endpoints:
        sentence = f"The policy {policy.name} allows {policy.max_endpoints} servers on one certificate; {number} were named."
        raise Refused("too-many-endpoints", sentence, field="endpoints")


def require_policy_content(policy: Policy) -> Policy:
    """Return a policy that makes sense; raises Refused ``policy``."""
    problems: list[str] = []
    _judge_profile(policy, problems)
    _judge_numbers(policy, problems)
    _judge_people(policy, problems)
    judge_fields(policy.custom_fields, problems)
    if problems:
        raise Refused("policy", f"The policy {policy.name} cannot be used: {'; '.join(problems)}.")
    return policy


def _judge_profile(policy: Policy, problems: list[str]) -> None:
    profile = SUBSCRIBER_PROFILES.get((policy.profile_id, policy.profile_version))
    if profile is None:
        problems.append("its profile does not exist")
        return
    if not set(policy.key_algorithms) <= set(profile.key_algorithms):
        problems.append("it allows keys that its profile does not")
    if not set(policy.key_usage) <= set(every_usage(profile)) or not set(policy.key_purposes) <= set(profile.key_purposes):
        problems.append("it has key usages or purposes that its profile does not")
    elif not policy.profile.rsa_key_usage or not policy.profile.ec_key_usage or not policy.profile.key_purposes:
        problems.append("it leaves some kind of key without any usage")
    if policy.tier is rules.Tier.PUBLIC and KeyAlgorithm.ED25519 in policy.key_algorithms:
        problems.append("Ed25519 keys belong to private tiers only")
    listed = (policy.key_algorithms, policy.key_usage, policy.key_purposes, policy.lifetimes_days)
    if any(len(set(items)) != len(items) for items in listed):
        problems.append("it lists something twice")


def _judge_numbers(policy: Policy, problems: list[str]) -> None:
    if not policy.key_algorithms or not policy.lifetimes_days:
        problems.append("it allows no key or no life")
    if any(not 1 <= days <= 825 for days in policy.lifetimes_days):
        problems.append("a life is outside 1 to 825 days")
    if not 1 <= policy.approvals <= 5:
        problems.append("it needs 1 to 5 approvals")
    if not 1 <= policy.max_endpoints <= MAXIMUM_ENDPOINTS:
        problems.append(f"it allows 1 to {MAXIMUM_ENDPOINTS} servers")


def _judge_people(policy: Policy, problems: list[str]) -> None:
    if not policy.requesters:
        problems.append("nobody may ask for a certificate")
    if policy.approvers is not None and policy.approvers not in APPROVERS:
        problems.append(f"the role {policy.approvers.value} approves nothing")
