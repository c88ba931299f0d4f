"""Policies as an organization sees them: each with its versions, one version in words, what differs between two, as a file."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from privyseal.look.policy_words import policy_rules, profile_words
from privyseal.model.administrator import Permission
from privyseal.model.identifiers import ChangeId
from privyseal.model.organization import Organization
from privyseal.model.policy import Policy, policy_content
from privyseal.pages.control_center.entry import home, look_up, may, nothing_here, part
from privyseal.reception.site import Visit
from privyseal.store import policies
from privyseal.store.database import Transaction
from privyseal_wire.policy_file import write_policy

_LONGEST_NUMBER = 9


def versions_by_id(tx: Transaction, organization: Organization) -> Mapping[str, list[Policy]]:
    """Return every policy by its id, each with its versions, the newest first."""
    found: dict[str, list[Policy]] = {}
    for policy in policies.versions_of(tx, organization.id):
        found.setdefault(policy.id, []).append(policy)
    return found


def show_policies(visit: Visit) -> Response:
    """Show every policy with its newest version."""
    found = list(look_up(visit, versions_by_id).values())
    values = {
        "home": home(visit),
        "rows": [(versions[0], profile_words(versions[0].profile_id), len(versions)) for versions in found],
        "may_change": may(visit, Permission.MANAGE_POLICIES, ""),
        "filters": [],
        "next_address": "",
        "first_address": "",
    }
    return visit.show("control_center/policies.html", values)


def show_policy(visit: Visit) -> Response:
    """Show a version in words, the newest unless another one is asked for, beside the version that it is compared with."""
    versions = policy_of(visit)
    policy = _asked(visit, versions, "version") or versions[0]
    before = _asked(visit, versions, "with")
    if not visit.query("with"):
        before = next((item for item in versions if item.version == policy.version - 1), None)

    def came_by(tx: Transaction, _organization: Organization) -> ChangeId | None:
        return policies.change_of(tx, policy.id, policy.version)

    values = {
        "home": home(visit),
        "here": f"{home(visit)}/policies/{policy.id}",
        "policy": policy,
        "before": before,
        "versions": versions,
        "rules": policy_rules(policy, before),
        "change": look_up(visit, came_by),
        "may_change": may(visit, Permission.MANAGE_POLICIES, ""),
    }
    return visit.show("control_center/policy.html", values)


def policy_of(visit: Visit) -> list[Policy]:
    """Return the versions of the policy of the address, the newest first; raises NotFound."""
    wanted = part(visit, "policy")
    versions = look_up(visit, versions_by_id).get(wanted)
    if versions is None:
        raise nothing_here()
    return versions


def _asked(visit: Visit, versions: list[Policy], name: str) -> Policy | None:
    """Return the version whose number a query gives, None without one; raises NotFound."""
    text = visit.query(name)
    if not text:
        return None
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else 0
    found = next((item for item in versions if item.version == number), None)
    if found is None:
        raise nothing_here()
    return found


def download(visit: Visit) -> Response:
    """Send the version as a TOML file, which this site and ``seal policy import`` take."""
    versions = policy_of(visit)
    return toml_file(policy_content(_asked(visit, versions, "version") or versions[0]))


def toml_file(content: Mapping[str, object]) -> Response:
    """Return the content of a policy as a file to keep."""
    headers = {"Content-Disposition": 'attachment; filename="policy.toml"'}
    return Response(write_policy(content), media_type="application/toml", headers=headers)
