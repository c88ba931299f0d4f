"""``seal policy``: what may be requested, for how long, and how it is approved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from cyclopts import Parameter

from privyseal_agent import words
from privyseal_agent.desk import Reply
from privyseal_agent.groups import AtDesk, group, open_service
from privyseal_agent.rest.documents import Document
from privyseal_agent.settings import NO_SERVICE_OPTIONS, ServiceOptions

APP = group("policy", "Policies of an organization.")

Algorithm: TypeAlias = Literal["rsa", "p256", "p384", "p521", "ed25519"]
UnitTier: TypeAlias = Literal["standard", "premium"]
Tier: TypeAlias = Literal["private", "public"]
Lint: TypeAlias = Literal["each", "template"]

_DAYS = (365, 730)
_ALGORITHMS: tuple[Algorithm, ...] = ("rsa", "p256", "p384")


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTerms:
    """What a policy says."""

    lifetime_days: list[int] | None = None
    """A life that may be asked for; may be given several times. 365 and 730 when left out."""

    key_algorithm: list[Algorithm] | None = None
    """A kind of key that is accepted; may be given several times. rsa, p256 and p384 when left out."""

    unit_tier: UnitTier = "standard"
    """The unit that a certificate uses: standard (the default) or premium."""

    tier: Tier = "private"
    """Rules that apply: private (the default) or public."""

    approvals: int = 1
    """How many administrators approve each request; 1 when left out."""

    lint: Lint = "each"
    """each (the default): every certificate is linted; template: the template once, and each variable field."""

    max_endpoints: int = 20
    """On how many servers one certificate may be used; 20 when left out."""

    open_enrollment: bool = False
    """Accept requests from people without a token."""


NO_TERMS = PolicyTerms()


@APP.command
def add(name: str, /, *, terms: PolicyTerms = NO_TERMS, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Add a policy, or a new version of the one with this name. For the provider.

    Parameters
    ----------
    name
        Name of the policy, such as tls-server.
    """
    body = {
        "name": name,
        "lifetimes_days": terms.lifetime_days or list(_DAYS),
        "key_algorithms": terms.key_algorithm or list(_ALGORITHMS),
        "unit_tier": terms.unit_tier,
        "tier": terms.tier,
        "approvals": terms.approvals,
        "lint": terms.lint,
        "max_endpoints": terms.max_endpoints,
        "open_enrollment": terms.open_enrollment,
    }
    with open_service(options, desk) as service:
        answer = service.post(f"/provider{service.path('policies')}", body)
    return Reply(answer.fields, f"Policy {answer.text('name')}, version {answer.integer('version')}, holds from now on.")


@APP.command(name="list")
def list_policies(*, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """List the policies of the organization."""
    with open_service(options, desk) as service:
        policies = service.get(service.path()).parts("policies")
    rows = [_row(policy) for policy in policies]
    header = ("POLICY", "VERSION", "DAYS", "KEYS", "UNIT", "OPEN")
    return Reply({"items": [policy.fields for policy in policies]}, words.table(header, rows, empty="There are no policies."))


def _row(policy: Document) -> tuple[str, ...]:
    days = ", ".join(str(value) for value in policy.integers("lifetimes_days"))
    keys = ", ".join(policy.texts("key_algorithms"))
    opened = "yes" if policy.fields.get("open_enrollment") is True else "no"
    return policy.text("name"), str(policy.integer("version")), days, keys, policy.text("unit_tier"), opened
