"""CAA at issue, in two halves: looked up before a transaction, judged within one from what was kept (BR 4.2.2.1, A37).

Only for policies of the public tier. The entrance that got the last approval, and the sweep, look up what the owners of
the names say just then; preparing judges it, and the issuer judges it again from the same stored evidence, of no more
than eight hours ago. What could not be seen keeps the request waiting, with the reason at the request; what is forbidden
fails it. The quorum is that of this service's own settings, not of what somebody wrote beside the evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from privyseal.actions.house import House, record, sha256_hex
from privyseal.engine.caa_check import CaaCheck, look_up_caa, require_permitted
from privyseal.engine.perspectives import Perspectives
from privyseal.model import rules
from privyseal.model.actor import SYSTEM
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.domain import Domain, covering
from privyseal.model.errors import Refused, Unavailable
from privyseal.model.identifiers import RequestId
from privyseal.model.organization import Organization
from privyseal.model.policy import Policy
from privyseal.model.request import Request
from privyseal.store import caa_checks, organizations, policies, requests
from privyseal.store.caa_checks import StoredCheck
from privyseal.store.database import Transaction

AGAIN_AFTER = timedelta(seconds=60)
"""How long the sweep leaves a request alone whose names could not be looked up."""


def require_caa(
    house: House,
    request: Request,
    policy: Policy,
    organization: Organization,
    domains: Iterable[Domain],
    check: StoredCheck | None,
    now: datetime,
) -> None:
    """Raise unless the owners of all names of a request of the public tier permit its certificate, as ``check`` has it.

    Raises Refused ``caa-forbids`` with who has to add which record, Unavailable ``caa-unknown`` for what was not seen well
    enough or too long ago. Of the private tier nothing is asked.
    """
    if policy.tier is not rules.Tier.PUBLIC:
        return
    if check is None or not now - rules.CAA_FRESH < check.at <= now + AGAIN_AFTER or sha256_hex(check.evidence.encode()) != check.sha256:
        raise _unseen("The CAA records of the names were not looked up within the last hours. They are looked up again by itself.")
    try:
        seen = CaaCheck.from_json(check.evidence)
    except (ValueError, KeyError, TypeError) as error:
        raise _unseen("What is stored of the look-up of the CAA records cannot be read. They are looked up again by itself.") from error
    if seen.at != check.at:
        raise _unseen("What is stored of the look-up of the CAA records has two dates. They are looked up again by itself.")
    known = list(domains)
    method_of = {
        name: domain.method
        for _, name in request.names
        if (domain := covering(name, known, now, policy.tier)) is not None and domain.method is not None
    }
    issuer = house.service.caa_issuer(organization.slug)
    require_permitted(seen, request.names, issuer, method_of, house.service.perspective_quorum)


def look_up_requests(
    house: House, perspectives: Perspectives, request_ids: Sequence[RequestId], *, again_after: timedelta = timedelta(0)
) -> list[RequestId]:
    """Look up, outside of any transaction, what the owners of the names say; return the requests that may be prepared now.

    Those are all of the private tier, and of the public tier those whose look-up says yes or no. The others wait, with the
    reason at the request, and are left alone for ``again_after``; once their approvals have expired they are returned, too,
    because preparing then fails them. Each tree is looked up once for all of them.
    """
    with house.database.read(house.clock()) as tx:
        of_public_tier = _of_public_tier(tx, request_ids)
        if not of_public_tier:
            return list(request_ids)
        newest = caa_checks.newest_of(tx, list(of_public_tier))
    young = {request_id for request_id, check in newest.items() if house.clock() - check.at < again_after}
    asked = {request_id: request for request_id, request in of_public_tier.items() if request_id not in young}
    check = look_up_caa((name for request in asked.values() for name in request.names), perspectives, now=house.clock())
    with house.database.write(house.clock()) as tx:
        waiting = young | _keep(house, tx, asked, check)
    still = waiting - _lapsed(house, waiting)
    return [request_id for request_id in request_ids if request_id not in still]


def _of_public_tier(tx: Transaction, request_ids: Sequence[RequestId]) -> dict[RequestId, Request]:
    approved = caa_checks.approved_under(tx, request_ids)
    tiers = {version: policies.get(tx, *version)[0].tier for version in set(approved.values())}
    wanted = [request_id for request_id, version in approved.items() if tiers[version] is rules.Tier.PUBLIC]
    return requests.get_many(tx, wanted) if wanted else {}


def _keep(house: House, tx: Transaction, asked: Mapping[RequestId, Request], check: CaaCheck) -> set[RequestId]:
    """Store what was seen, for each request its own part; return the requests that have to wait."""
    waiting = set()
    kept = []
    for request_id, request in asked.items():
        text = check.of(request.names).to_json()
        stored = StoredCheck(house.id("caa", tx.now), request_id, text, sha256_hex(text.encode()), check.at)
        kept.append(stored)
        organization = organizations.get(tx, request.organization_id)
        policy, _ = policies.get(tx, request.policy_id, request.policy_version)
        outcome, reason = Outcome.DONE, ""
        try:
            require_caa(house, request, policy, organization, organizations.domains_of(tx, organization.id), stored, tx.now)
        except Refused as refusal:
            outcome, reason = Outcome.REFUSED, refusal.kind
        except Unavailable as trouble:
            waiting.add(request_id)
            outcome, reason = Outcome.REFUSED, trouble.kind
            requests.note_wait(tx, request_id, trouble.sentence)
        event = AuditEvent("check-caa", outcome, "request", request_id, stored.sha256, reason=reason, evidence=(stored.sha256,))
        record(house, tx, SYSTEM, organization.slug, event)
    caa_checks.insert(tx, kept)
    return waiting


def _lapsed(house: House, waiting: set[RequestId]) -> set[RequestId]:
    """Return those whose approvals have all expired."""
    now = house.clock()
    with house.database.read(now) as tx:
        given = requests.approvals_of(tx, sorted(waiting))
    return {request_id for request_id, approvals in given.items() if not any(approval.is_current(now) for approval in approvals)}


def _unseen(sentence: str) -> Unavailable:
    return Unavailable("caa-unknown", sentence, retry_after_seconds=60)
