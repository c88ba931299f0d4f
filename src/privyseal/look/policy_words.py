"""What people call the rules of a policy, one line for each, and what differs between two versions of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from privyseal.look.certificate_words import key_kinds
from privyseal.look.people_words import role_words
from privyseal.look.rendering import number
from privyseal.look.words import gettext, mark, ngettext
from privyseal.model.custom_field import CustomField, FieldPattern
from privyseal.model.policy import APPROVERS, Lint, Policy, Requester, every_usage
from privyseal.model.profile import KeyPurpose, KeyUsage
from privyseal.model.rules import Tier
from privyseal.model.unit import UnitTier

_PROFILES: Final = {
    "tls-server": mark("servers, for the organization's own use"),
    "tls-server-br": mark("servers, by the rules for public trust"),
    "tls-client": mark("clients: people and programs that sign in"),
    "smime-strict": mark("mail, strict: signs and encrypts mail alone"),
    "smime-multipurpose": mark("mail and sign-in with one certificate"),
}
_TIERS: Final = {
    Tier.PRIVATE: mark("private: by your own rules, trusted where your root is installed"),
    Tier.PUBLIC: mark("public: by the dated rules for certificates that browsers trust"),
}
_UNITS: Final = {UnitTier.STANDARD: mark("standard"), UnitTier.PREMIUM: mark("premium")}
_USAGES: Final = {
    KeyUsage.DIGITAL_SIGNATURE: mark("sign (digital signature)"),
    KeyUsage.CONTENT_COMMITMENT: mark("sign for good (content commitment)"),
    KeyUsage.KEY_ENCIPHERMENT: mark("receive keys (key encipherment)"),
    KeyUsage.DATA_ENCIPHERMENT: mark("receive data (data encipherment)"),
    KeyUsage.KEY_AGREEMENT: mark("agree on keys (key agreement)"),
}
_PURPOSES: Final = {
    KeyPurpose.SERVER_AUTH: mark("be a server (server authentication)"),
    KeyPurpose.CLIENT_AUTH: mark("be a client (client authentication)"),
    KeyPurpose.EMAIL_PROTECTION: mark("protect mail (email protection)"),
}
_REQUESTERS: Final = {
    Requester.ANYBODY: mark("anybody at the portal, after the address is confirmed"),
    Requester.ADDRESSES: mark("people with a mail address under a domain of the organization"),
    Requester.PEOPLE: mark("people who sign in here"),
    Requester.TOKENS: mark("programs with a token"),
}
_PATTERNS: Final = {
    FieldPattern.TEXT: mark("any text"),
    FieldPattern.DIGITS: mark("digits alone"),
    FieldPattern.CODE: mark("letters, digits, dots, dashes and slashes"),
    FieldPattern.EMAIL: mark("a mail address"),
}
_LINTS: Final = {
    Lint.EACH: mark("every certificate before it is signed"),
    Lint.TEMPLATE: mark("the template once, and every variable field each time"),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a policy in words: what holds, and what held in the version that it is compared with (None: no such version)."""

    term: str
    values: tuple[str, ...]
    before: tuple[str, ...] | None = None

    @property
    def is_changed(self) -> bool:
        """Whether the version before had something else."""
        return self.before is not None and self.before != self.values

    @property
    def fresh(self) -> tuple[str, ...]:
        """What the version before had not."""
        return tuple(text for text in self.values if self.before is not None and text not in self.before)

    @property
    def gone(self) -> tuple[str, ...]:
        """What the version before had instead."""
        return tuple(text for text in self.before or () if text not in self.values)


def policy_rules(policy: Policy, before: Policy | None = None) -> list[Rule]:
    """Return every rule of a version in the order in which a person reads it, compared with another version where there is one."""
    return [Rule(gettext(term), values(policy), values(before) if before else None) for term, values in _RULES.items()]


def changed_rules(policy: Policy, before: Policy | None) -> list[Rule]:
    """Return what differs, or everything where there was nothing before."""
    return [rule for rule in policy_rules(policy, before) if before is None or rule.is_changed]


def _purpose(policy: Policy) -> tuple[str, ...]:
    return (gettext(_PROFILES[policy.profile_id]),) if policy.profile_id in _PROFILES else (policy.profile_id,)


def _keys(policy: Policy) -> tuple[str, ...]:
    kinds = dict(key_kinds())
    return tuple(kinds[item.value] for item in policy.key_algorithms)


def _usages(policy: Policy) -> tuple[str, ...]:
    chosen = policy.key_usage or every_usage(policy.profile)
    purposes = policy.key_purposes or policy.profile.key_purposes
    return (*(gettext(_USAGES[item]) for item in chosen), *(gettext(_PURPOSES[item]) for item in purposes))


def _lives(policy: Policy) -> tuple[str, ...]:
    return tuple(ngettext("%(num)s day", "%(num)s days", days) % {"num": number(days)} for days in sorted(policy.lifetimes_days))


def _approvals(policy: Policy) -> tuple[str, ...]:
    line = ngettext("%(num)s person approves each request", "%(num)s people approve each request", policy.approvals)
    by = gettext("only with an Administrator ID, which shows what it signs") if policy.cms_only else gettext("with any credential")
    who = role_words(policy.approvers) if policy.approvers else gettext("anybody with the right to approve")
    return line % {"num": number(policy.approvals)}, who, by


def custom_field_words(item: CustomField) -> str:
    """Return a field of an organization's own form in words."""
    needed = gettext("must be filled in") if item.required else gettext("may stay empty")
    length = ngettext("at most %(num)s character", "at most %(num)s characters", item.max_length) % {"num": number(item.max_length)}
    return f"{item.label} ({item.name}): {gettext(_PATTERNS[item.pattern])}, {length}, {needed}"


_RULES: Final[Mapping[str, Callable[[Policy], tuple[str, ...]]]] = {
    mark("Certificates for"): _purpose,
    mark("Rules"): lambda policy: (gettext(_TIERS[policy.tier]),),
    mark("A certificate may last"): _lives,
    mark("Keys"): _keys,
    mark("The key may"): _usages,
    mark("Who may ask"): lambda policy: tuple(gettext(_REQUESTERS[item]) for item in Requester if item in policy.requesters),
    mark("Who approves"): _approvals,
    mark("Servers that may share a certificate"): lambda policy: (
        gettext("at most %(number)s") % {"number": number(policy.max_endpoints)},
    ),
    mark("Questions of your own"): lambda policy: tuple(map(custom_field_words, policy.custom_fields)) or (gettext("none"),),
    mark("Published in a directory"): lambda policy: (
        gettext("yes, as soon as a directory is connected") if policy.publish else gettext("no"),
    ),
    mark("Unit that a certificate uses"): lambda policy: (gettext(_UNITS[policy.unit_tier]),),
    mark("Formal check of certificates"): lambda policy: (gettext(_LINTS[policy.lint]),),
}


@dataclass(frozen=True, slots=True)
class PolicyChoices:
    """(value, words) of everything that a form about policies lets somebody choose."""

    tiers: list[tuple[str, str, str]]
    units: list[tuple[str, str]]
    keys: list[tuple[str, str]]
    usages: list[tuple[str, str]]
    purposes: list[tuple[str, str]]
    requesters: list[tuple[str, str]]
    approvers: list[tuple[str, str]]
    patterns: list[tuple[str, str]]
    lints: list[tuple[str, str]]


def policy_choices() -> PolicyChoices:
    """Return them in the reader's language."""
    return PolicyChoices(
        tiers=[(item.value, gettext(words), "") for item, words in _TIERS.items()],
        units=[(item.value, gettext(words)) for item, words in _UNITS.items()],
        keys=key_kinds(),
        usages=[(item.value, gettext(words)) for item, words in _USAGES.items()],
        purposes=[(item.value, gettext(words)) for item, words in _PURPOSES.items()],
        requesters=[(item.value, gettext(words)) for item, words in _REQUESTERS.items()],
        approvers=[("", gettext("anybody with the right to approve")), *((role.value, role_words(role)) for role in APPROVERS)],
        patterns=[(item.value, gettext(words)) for item, words in _PATTERNS.items()],
        lints=[(item.value, gettext(words)) for item, words in _LINTS.items()],
    )


def profile_words(profile_id: str) -> str:
    """Return what certificates of a profile are for."""
    return gettext(_PROFILES[profile_id]) if profile_id in _PROFILES else profile_id
