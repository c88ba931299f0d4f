"""Changes under dual control by people of a ``ServiceRig``: proposed, signed, refused and withdrawn as ``seal`` would."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from privyseal.actions.change.answer_change import answer_change
from privyseal.actions.change.propose_change import propose_change
from privyseal.actions.changing import Answered, needed_now
from privyseal.actions.changing_kinds import Side
from privyseal.actions.house import About, perform
from privyseal.model.authority_state import authority_content
from privyseal.model.change import Change, ChangeKind, ChangeState, change_content
from privyseal.model.identifiers import ChangeId, PolicyId
from privyseal.model.policy import Policy, policy_content
from privyseal.model.policy_draft import PolicyDraft
from privyseal.model.statement import utc_text
from privyseal.store import authority_states, changes, organizations, policies
from privyseal_wire.canonical import canonical_bytes
from privyseal_wire.statements import Change as Statement
from tests.rigs.service import AdministratorRig, ServiceRig, hashes_hex

LIFE = timedelta(days=7) - timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Proposed:
    """A change as somebody would propose it."""

    id: str
    kind: ChangeKind
    content: bytes

    @property
    def sha256(self) -> str:
        """Digest of the content."""
        return hashes_hex(self.content)


def new_change_id() -> str:
    """An id as the proposer chooses it."""
    return f"chg-{os.urandom(16).hex()}"


def policy_change(service: ServiceRig, slug: str, draft: PolicyDraft, *, quorum: int = 0, base: int = -1) -> Proposed:
    """The next version of a policy; ``quorum`` 0 is what the service wants now, ``base`` -1 the newest version."""
    with service.house.database.read(service.clock()) as tx:
        organization = organizations.require(tx, slug)
        previous = policies.newest(tx, organization.id, draft.name)
        wanted = quorum or needed_now(service.house, tx, Side(organization), ChangeKind.POLICY)
        version = draft.version_after(previous, PolicyId(f"pol-{os.urandom(16).hex()}"), organization.id, tx.now)
    made_of = base if base >= 0 else version.version - 1
    return proposed(ChangeKind.POLICY, draft.name, made_of, wanted, policy_content(version))


def authority_change(
    service: ServiceRig, *, issues: bool, authority: str = "issuing", reason: str = "The HSM is exchanged", base: int = -1, quorum: int = 0
) -> Proposed:
    """A CA that is paused or goes on; ``quorum`` 0 and ``base`` -1 as for a policy."""
    with service.house.database.read(service.clock()) as tx:
        known = authority_states.newest(tx, service.house.authorities[authority].id)
        wanted = quorum or needed_now(service.house, tx, Side(None), ChangeKind.AUTHORITY)
    made_of = base if base >= 0 else known[0].version if known else 0
    return proposed(ChangeKind.AUTHORITY, authority, made_of, wanted, authority_content(authority, made_of + 1, reason, issues=issues))


def set_issuing(service: ServiceRig, people: Sequence[AdministratorRig], *, issues: bool, authority: str = "issuing") -> Proposed:
    """Pause a CA or let it go on, under the signatures of these people of the provider."""
    change = authority_change(service, issues=issues, authority=authority)
    propose(service, change, people[0])
    for person in people[1:]:
        answer(service, change, person)
    assert standing(service, change).state is ChangeState.APPLIED
    return change


def proposed(kind: ChangeKind, subject: str, base: int, quorum: int, value: Mapping[str, object]) -> Proposed:
    """Any change."""
    return Proposed(new_change_id(), kind, canonical_bytes(change_content(kind, subject, base, quorum, value)))


def statement(service: ServiceRig, change: Proposed, by: AdministratorRig, /, **differing: str) -> bytes:
    """What somebody signs about a change; fields of the statement may be given."""
    fields = {
        "service": service.settings.service_id,
        "organization": by.organization or "provider",
        "expires": utc_text(service.clock() + LIFE),
        "change": change.id,
        "kind": change.kind.value,
        "content_sha256": change.sha256,
        "signer": by.administrator.id,
        "decision": "sign",
        "reason": "",
    }
    return Statement(**{**fields, **differing}).to_bytes()


def propose(service: ServiceRig, change: Proposed, by: AdministratorRig, /, **differing: str) -> Answered:
    """Hand a proposal in."""
    signature = service.sign(statement(service, change, by, **differing), by)
    about = About("propose-change", by.organization, "change", "new")
    return perform(service.house, by.actor, about, propose_change, by.organization, change.content, signature)


def answer(service: ServiceRig, change: Proposed, by: AdministratorRig, /, *, slug: str | None = None, **differing: str) -> Answered:
    """Sign, refuse or withdraw."""
    signature = service.sign(statement(service, change, by, **differing), by)
    where = by.organization if slug is None else slug
    about = About("answer-change", where, "change", change.id)
    return perform(service.house, by.actor, about, answer_change, where, ChangeId(change.id), signature)


def change_policy(service: ServiceRig, slug: str, draft: PolicyDraft, *signers: AdministratorRig) -> Policy:
    """Make a version of a policy under the signatures of these people."""
    change = policy_change(service, slug, draft)
    propose(service, change, signers[0])
    for signer in signers[1:]:
        answer(service, change, signer)
    with service.house.database.read(service.clock()) as tx:
        policy = policies.newest(tx, organizations.require(tx, slug).id, draft.name)
    assert policy is not None
    return policy


def standing(service: ServiceRig, change: Proposed) -> Change:
    """The change as it is stored."""
    with service.house.database.read(service.clock()) as tx:
        found = changes.get(tx, ChangeId(change.id))
    assert found is not None
    return found
