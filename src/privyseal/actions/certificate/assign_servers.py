"""Let other servers use an issued certificate: one leaves it, another comes in, perhaps from a certificate of another department.

What the request names was signed with its approval and stays as it is. Durable after it: the list of servers that holds from now on,
with who changed it, and its audit entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from privyseal.actions.house import House, record
from privyseal.model.actor import Actor, require, require_somewhere
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.certificate import Certificate, require_in_use
from privyseal.model.errors import Conflict, NotFound
from privyseal.model.organization import Organization
from privyseal.model.policy import MAXIMUM_ENDPOINTS, require_few_endpoints
from privyseal.model.request import Endpoint, require_endpoints
from privyseal.store import certificate_servers, certificates, departments, organizations, policies, requests
from privyseal.store.certificate_servers import ServerChange, Servers
from privyseal.store.database import Transaction

NAMED: Final = 200
"""So many characters of hosts and ports stand in an audit entry for each kind of change; the others are counted."""


def assign_servers(
    house: House, tx: Transaction, actor: Actor, slug: str, serial_hex: str, endpoints: Sequence[str], known: int
) -> Servers:
    """Let exactly these servers use the certificate, and return what holds; ``known`` is how many changes the caller has seen.

    The same servers again are harmless. Raises NotFound, NotPermitted, Refused (``endpoint``, ``too-many-endpoints``), Conflict
    (``certificate-ended``; ``servers-changed`` when somebody else just changed them).
    """
    organization = organizations.require(tx, slug)
    require_somewhere(actor, Permission.MOVE, organization.id)
    certificate = certificates.by_serial(tx, organization.id, serial_hex, scope=actor.scope(Permission.READ))
    if certificate is None:
        raise NotFound("not-found", "There is no such certificate in your organization.")
    require(actor, Permission.MOVE, organization.id, departments.path_of(tx, certificate.department_id))
    require_in_use(certificate, tx.now)
    wanted = _read(tx, organization, certificate, endpoints)
    current = certificate_servers.current(tx, certificate)
    if set(wanted) == set(current.endpoints):
        return current
    change = ServerChange(certificate.id, current.changes + 1, wanted, tx.now, actor.id)
    if known != current.changes or not certificate_servers.insert(tx, change):
        raise Conflict("servers-changed", "Somebody else just changed the servers of this certificate. Look at them again.")
    reason = _told(current.endpoints, wanted)
    record(house, tx, actor, slug, AuditEvent("assign-servers", Outcome.DONE, "certificate", serial_hex, certificate.sha256, reason))
    return Servers(wanted, change.number)


def _read(tx: Transaction, organization: Organization, certificate: Certificate, endpoints: Sequence[str]) -> tuple[Endpoint, ...]:
    """Return the servers; as many as the policy version allows that the certificate was asked for under."""
    wanted = require_endpoints(endpoints, MAXIMUM_ENDPOINTS)
    request = requests.get(tx, organization.id, certificate.request_id) if certificate.request_id is not None else None
    if request is None:
        raise NotFound("not-found", "The request of this certificate does not exist.")
    policy, _ = policies.get(tx, request.policy_id, request.policy_version)
    require_few_endpoints(policy, len(wanted))
    return wanted


def _told(before: Sequence[Endpoint], after: Sequence[Endpoint]) -> str:
    """Return what the audit log says of the change, such as ``added: www.example.test; removed: mail.example.test``."""
    gone = [endpoint.address for endpoint in before if endpoint not in after]
    come = [endpoint.address for endpoint in after if endpoint not in before]
    parts = {
        "added": [address for address in come if address not in gone],
        "removed": [address for address in gone if address not in come],
        "changed": [address for address in come if address in gone],
    }
    return "; ".join(f"{word}: {_few(addresses)}" for word, addresses in parts.items() if addresses)


def _few(addresses: Iterable[str]) -> str:
    """Return the addresses, each once, as many as fit, and how many are left."""
    places = list(dict.fromkeys(addresses))
    fitting = [count for count in range(1, len(places) + 1) if len(", ".join(places[:count])) <= NAMED]
    named = places[: fitting[-1]] if fitting else places[:1]
    left = len(places) - len(named)
    return ", ".join([*named, *([f"{left} more"] if left else [])])
