"""``seal policy``: what may be requested, for how long, and how it is approved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from cyclopts import Parameter

from privyseal_agent import words
from privyseal_agent.changes import content_of, new_id, sign_about
from privyseal_agent.commands.change import newest_of, standing
from privyseal_agent.desk import Reply
from privyseal_agent.errors import Refused
from privyseal_agent.groups import AtDesk, group, open_service
from privyseal_agent.policy_file import difference_lines, read_policy_file
from privyseal_agent.rest.client import Service
from privyseal_agent.rest.documents import Document
from privyseal_agent.settings import NO_SERVICE_OPTIONS, ServiceOptions
from privyseal_wire.policy_file import version_after, write_policy

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
    """Add a policy, or a new version of the one with this name. For the provider, until the organization has administrators.

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


@APP.command
def export(name: str, /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Print the newest version of a policy as TOML, to change it and to import it again.

    Parameters
    ----------
    name
        Name of the policy.
    """
    with open_service(options, desk) as service:
        newest = _newest(service, name)
    return Reply(newest, write_policy(newest))


@APP.command
def preset(name: str = "", /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Print a preset as TOML, to begin a policy with; without a name, list the presets.

    Parameters
    ----------
    name
        Name of the preset.
    """
    with open_service(options, desk) as service:
        presets = service.get(service.path("policies")).part("presets").fields
    if not name:
        return Reply({"presets": sorted(presets)}, "\n".join(sorted(presets)))
    found = presets.get(name)
    if not isinstance(found, dict):
        raise Refused("preset-unknown", f"There is no preset {name}. The presets are {', '.join(sorted(presets))}.")
    return Reply(found, write_policy(found))


@APP.command
def diff(
    name: str,
    /,
    file: Path | None = None,
    *,
    older: int | None = None,
    newer: int | None = None,
    options: ServiceOptions = NO_SERVICE_OPTIONS,
    desk: AtDesk,
) -> Reply:
    """Tell in words what differs between two versions of a policy, or between the newest one and a file.

    Parameters
    ----------
    name
        Name of the policy.
    file
        A TOML file to compare the newest version with.
    older
        Number of the earlier version; the one before the newest when left out.
    newer
        Number of the later version; the newest when left out.
    """
    with open_service(options, desk) as service:
        newest = _newest(service, name)
        before: dict[str, Any] | None = newest
        if file is not None:
            after = read_policy_file(file)
        else:
            last = newer if newer is not None else int(newest["version"])
            after = _version(service, name, last)
            number = older if older is not None else last - 1
            before = _version(service, name, number) if number else None
    lines = difference_lines(before, after)
    return Reply({"differences": lines}, "\n".join(lines) or "Nothing differs.")


@APP.command(name="import")
def import_policy(file: Path, /, *, yes: bool = False, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Propose what a TOML file says as the next version of its policy, under your signature.

    The content is made on this computer and signed here. It holds when as many people have signed it as the service asks for.

    Parameters
    ----------
    file
        The TOML file; seal policy export prints one.
    yes
        Do not ask.
    """
    values = read_policy_file(file)
    with open_service(options, desk) as service:
        before = newest_of(service, str(values["name"]))
        value = version_after(values, before, new_id("pol", desk))
        lines = difference_lines(before, value)
        if before is not None and not lines:
            raise Refused("policy-file", f"{file} says what the newest version of {values['name']} says. There is nothing to change.")
        desk.show("\n".join([f"Policy {values['name']}, version {value['version']}:", *(f"  {line}" for line in lines)]))
        if not yes and not desk.confirm("Propose this under your signature?"):
            return Reply({"proposed": False}, "", "Nothing was signed.")
        quorum = service.get(service.path("changes")).part("signatures_needed").integer("policy")
        content = content_of("policy", str(values["name"]), int(value["version"]) - 1, quorum, value)
        change = new_id("chg", desk)
        signature = sign_about(service, desk, change, "policy", content)
        answer = service.post(service.path("changes"), {"content": content.decode(), "signature": signature})
    return Reply(answer.fields, standing(answer))


def _newest(service: Service, name: str) -> dict[str, Any]:
    found = newest_of(service, name)
    if found is None:
        raise Refused("policy-unknown", f"The organization has no policy {name}.")
    return found


def _version(service: Service, name: str, number: int) -> dict[str, Any]:
    return dict(service.get(service.path("policies", name, "versions", str(number))).part("meaning").fields)


def _row(policy: Document) -> tuple[str, ...]:
    days = ", ".join(str(value) for value in policy.integers("lifetimes_days"))
    keys = ", ".join(policy.texts("key_algorithms"))
    opened = "yes" if policy.fields.get("open_enrollment") is True else "no"
    return policy.text("name"), str(policy.integer("version")), days, keys, policy.text("unit_tier"), opened
