"""What somebody chooses for the next version of a policy: by a form, by a file, by a preset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from privyseal.model import rules
from privyseal.model.administrator import Role
from privyseal.model.custom_field import CustomField
from privyseal.model.errors import Refused
from privyseal.model.identifiers import OrganizationId, PolicyId
from privyseal.model.policy import FORM_2, Lint, Policy, Requester, every_usage, policy_content, read_policy, require_policy_content
from privyseal.model.profile import (
    PROFILES,
    SMIME_MULTIPURPOSE,
    SMIME_STRICT,
    TLS_CLIENT,
    TLS_SERVER,
    TLS_SERVER_BR,
    KeyAlgorithm,
    KeyPurpose,
    KeyUsage,
    Profile,
)
from privyseal.model.request import require_text
from privyseal.model.unit import UnitTier

NAME_CHARACTERS: Final = 64
WITH_ACCOUNT: Final = frozenset({Requester.PEOPLE, Requester.TOKENS})
EVERYBODY: Final = WITH_ACCOUNT | {Requester.ANYBODY}


@dataclass(frozen=True, slots=True)
class PolicyDraft:
    """What is chosen; the defaults are the private server policy."""

    name: str = "tls-server"
    profile: Profile = TLS_SERVER
    tier: rules.Tier = rules.Tier.PRIVATE
    unit_tier: UnitTier = UnitTier.STANDARD
    key_algorithms: tuple[KeyAlgorithm, ...] = (KeyAlgorithm.RSA, KeyAlgorithm.P256, KeyAlgorithm.P384, KeyAlgorithm.P521)
    key_usage: tuple[KeyUsage, ...] = ()
    key_purposes: tuple[KeyPurpose, ...] = ()
    lifetimes_days: tuple[int, ...] = (90, 365, 397)
    requesters: frozenset[Requester] = EVERYBODY
    approvers: Role | None = None
    approvals: int = 1
    cms_only: bool = False
    custom_fields: tuple[CustomField, ...] = ()
    publish: bool = False
    lint: Lint = Lint.EACH
    max_endpoints: int = 20

    def version_after(self, previous: Policy | None, policy_id: PolicyId, organization_id: OrganizationId, now: datetime) -> Policy:
        """Return the version that would follow ``previous``, without a checksum; raises Refused ``policy`` for one of no sense."""
        policy = Policy(
            id=previous.id if previous else policy_id,
            organization_id=organization_id,
            name=require_text("name", self.name, NAME_CHARACTERS),
            version=previous.version + 1 if previous else 1,
            profile_id=self.profile.id,
            profile_version=self.profile.version,
            tier=self.tier,
            unit_tier=self.unit_tier,
            key_algorithms=self.key_algorithms,
            key_usage=self.key_usage or every_usage(self.profile),
            key_purposes=self.key_purposes or self.profile.key_purposes,
            lifetimes_days=self.lifetimes_days,
            requesters=self.requesters,
            approvers=self.approvers,
            approvals=self.approvals,
            cms_only=self.cms_only,
            custom_fields=self.custom_fields,
            publish=self.publish,
            lint=self.lint,
            max_endpoints=self.max_endpoints,
            sha256="",
            created_at=now,
        )
        return require_policy_content(policy)


def draft_of(policy: Policy) -> PolicyDraft:
    """Return what was chosen for a version."""
    return PolicyDraft(
        name=policy.name,
        profile=PROFILES[policy.profile_id, policy.profile_version],
        tier=policy.tier,
        unit_tier=policy.unit_tier,
        key_algorithms=policy.key_algorithms,
        key_usage=policy.key_usage,
        key_purposes=policy.key_purposes,
        lifetimes_days=policy.lifetimes_days,
        requesters=policy.requesters,
        approvers=policy.approvers,
        approvals=policy.approvals,
        cms_only=policy.cms_only,
        custom_fields=policy.custom_fields,
        publish=policy.publish,
        lint=policy.lint,
        max_endpoints=policy.max_endpoints,
    )


_MAIL: Final = PolicyDraft(
    key_algorithms=(KeyAlgorithm.RSA, KeyAlgorithm.P256, KeyAlgorithm.P384),
    lifetimes_days=(365, 397),
    requesters=WITH_ACCOUNT,
    max_endpoints=1,
)

PRESETS: Final[Mapping[str, PolicyDraft]] = {
    "tls-private": PolicyDraft(),
    "tls-public": PolicyDraft(
        name="tls-public",
        profile=TLS_SERVER_BR,
        tier=rules.Tier.PUBLIC,
        lifetimes_days=(47, 90, 200),
    ),
    "client": PolicyDraft(
        name="client",
        profile=TLS_CLIENT,
        lifetimes_days=(30, 90, 365),
        requesters=WITH_ACCOUNT,
    ),
    "smime-strict": replace(_MAIL, name="smime-strict", profile=SMIME_STRICT),
    "smime-multipurpose": replace(_MAIL, name="smime-multipurpose", profile=SMIME_MULTIPURPOSE),
}
"""Where somebody begins who makes a policy, by the name that pages and commands use."""

_KINDS: Final[Mapping[str, tuple[type, str]]] = {
    "type": (str, "a text"),
    "id": (str, "a text"),
    "version": (int, "a whole number"),
    "name": (str, "a text"),
    "profile": (dict, "a table of id and version"),
    "tier": (str, "a text"),
    "unit_tier": (str, "a text"),
    "key_algorithms": (list, "a list"),
    "key_usage": (list, "a list"),
    "key_purposes": (list, "a list"),
    "lifetimes_days": (list, "a list"),
    "requesters": (list, "a list"),
    "approvers": (str, "a text"),
    "approvals": (int, "a whole number"),
    "cms_only": (bool, "true or false"),
    "custom_fields": (list, "a list of tables"),
    "publish": (bool, "true or false"),
    "lint": (str, "a text"),
    "max_endpoints": (int, "a whole number"),
}
_FIELD_KINDS: Final[Mapping[str, tuple[type, str]]] = {
    "name": (str, "a text"),
    "label": (str, "a text"),
    "required": (bool, "true or false"),
    "pattern": (str, "a text"),
    "max_length": (int, "a whole number"),
}
_PROFILE_KINDS: Final[Mapping[str, tuple[type, str]]] = {"id": (str, "a text"), "version": (int, "a whole number")}
OF_THE_SERVICE: Final = frozenset({"type", "id", "version"})
"""What a file does not say, because the version before decides it."""


def judge_content(content: Mapping[str, object], organization_id: OrganizationId, now: datetime) -> Policy:
    """Return the policy that somebody's content of form 2 describes, without a checksum.

    Raises Refused ``policy`` that names what is unknown, missing, of another kind, or makes no sense.
    """
    _require_kinds("the policy", content, _KINDS)
    _require_kinds("profile", _table(content["profile"]), _PROFILE_KINDS)
    for item in _list(content["custom_fields"]):
        _require_kinds("a field of custom_fields", _table(item), _FIELD_KINDS)
    if content["type"] != FORM_2:
        raise _refuse(f"type is not {FORM_2}")
    try:
        policy = read_policy(content, organization_id, "", now)
    except (KeyError, ValueError) as error:
        raise _refuse(f"{_brief(error.args[0] if error.args else '')} is no word that a policy knows") from error
    require_text("name", policy.name, NAME_CHARACTERS)
    require_policy_content(policy)
    if policy_content(policy) != dict(content):
        raise _refuse("its lists are not in the order in which policies have them, or its name has blanks around it")
    return policy


def preset_content(draft: PolicyDraft, organization_id: OrganizationId, now: datetime) -> dict[str, object]:
    """Return what a preset says, as a file has it."""
    content = policy_content(draft.version_after(None, PolicyId("pol-preset"), organization_id, now))
    return {name: value for name, value in content.items() if name not in OF_THE_SERVICE}


def _require_kinds(where: str, values: Mapping[str, object], kinds: Mapping[str, tuple[type, str]]) -> None:
    unknown, missing = sorted(map(str, values.keys() - kinds.keys())), sorted(kinds.keys() - values.keys())
    if unknown:
        raise _refuse(f"{where} has the key {_brief(unknown[0])}, which nobody knows")
    if missing:
        raise _refuse(f"{where} lacks {_listed(missing)}")
    for name, (kind, words) in kinds.items():
        # bool is a kind of int in Python; a policy tells them apart.
        if type(values[name]) is not kind:
            raise _refuse(f"{name} is not {words}")


def _table(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _refuse("an item of custom_fields is not a table")
    return value


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _brief(value: object) -> str:
    text = str(value)
    shown = text if text.isprintable() else ascii(text)[1:-1]
    return shown if len(shown) <= 60 else shown[:59] + "…"


def _refuse(what: str) -> Refused:
    return Refused("policy", f"This is not the content of a policy: {what}.", field="policy")
