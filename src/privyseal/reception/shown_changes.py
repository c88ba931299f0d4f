"""Changes under dual control as pages show them: what would be different in words, who signed, how many are missing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from privyseal.actions.changing import counted, holders_of, needed_of
from privyseal.actions.changing_kinds import Side, concerned, proposal_of
from privyseal.actions.house import About, House, attempt
from privyseal.look.authority_words import authority_words, issuing_consequence, issuing_words
from privyseal.look.change_words import change_decision_words, change_kind_words, change_state_words, hindrance_words, price_words
from privyseal.look.people_words import role_rights, role_words
from privyseal.look.policy_words import Rule, changed_rules
from privyseal.look.sentences import word
from privyseal.look.words import gettext
from privyseal.model.administrator import Role
from privyseal.model.authority_state import AuthorityState, judge_authority_state
from privyseal.model.change import Change, ChangeKind, ChangeSignature, ChangeState, Decision, Holder
from privyseal.model.errors import NotFound
from privyseal.model.identifiers import AdministratorId, ChangeId, DepartmentId
from privyseal.model.policy import Policy, read_policy
from privyseal.model.price import Price, judge_price
from privyseal.model.role_change import Removal, RoleChange, read_role_change
from privyseal.reception.site import Visit
from privyseal.store import administrators, assignments, authority_states, changes, departments, organizations, policies, prices
from privyseal.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said to a change; ``counts`` is whether a signature counts (still, while the change is open)."""

    signed: ChangeSignature
    name: str
    words: str
    counts: bool


@dataclass(frozen=True, slots=True)
class ShownChange:
    """One change. ``rules`` are what differs; ``missing`` people have to sign yet, ``waits_for`` are those who could.

    ``hindered`` are those who count and cannot sign now, each with the reason in words.
    ``may_sign`` tells whether whoever looks can sign it and has not.
    """

    change: Change
    title: str
    standing: ChangeState
    proposer: str
    said: tuple[Said, ...]
    needed: int
    missing: int
    waits_for: tuple[str, ...]
    hindered: tuple[str, ...]
    rules: tuple[Rule, ...]
    may_sign: bool
    is_own: bool

    @property
    def kind(self) -> str:
        """What it is of, in words."""
        return change_kind_words(self.change.kind)

    @property
    def seal(self) -> tuple[str, str]:
        """Kind of seal and word."""
        return change_state_words(self.standing)

    @property
    def is_open(self) -> bool:
        """Whether it waits for signatures."""
        return self.standing is ChangeState.OPEN

    @property
    def consequence(self) -> str:
        """What comes of it, where its kind has words for that; else nothing."""
        if self.change.kind is not ChangeKind.AUTHORITY:
            return ""
        return issuing_consequence(issues=judge_authority_state(proposal_of(self.change.content).value, self.change.created_at).issues)

    @property
    def readable(self) -> str:
        """Its content with one field on each line, for reading."""
        return json.dumps(json.loads(self.change.content), indent=2, ensure_ascii=False)


def title_of(change: Change, names: Mapping[str, str]) -> str:
    """Return the name of the thing or the person that a change is of; ``names`` are people's by their ids."""
    if change.kind is ChangeKind.ROLE:
        return names.get(change.subject, change.subject)
    if change.kind is ChangeKind.AUTHORITY:
        return authority_words(change.subject)[0]
    return word(change.subject) if change.kind is ChangeKind.PRICE else change.subject


def _names(tx: Transaction, found: Sequence[Change], signers: Iterable[str]) -> dict[str, str]:
    """Return the names of everybody whom these changes name: who proposed them, whom they are of, and who signed."""
    concerned_people = (change.subject for change in found if change.kind is ChangeKind.ROLE)
    return administrators.names_of(tx, sorted({*(change.proposer_id for change in found), *concerned_people, *signers}))


def side_of_visit(tx: Transaction, visit: Visit) -> Side:
    """Return whose changes lie at the address of a visit; raises NotFound."""
    return Side(organizations.require(tx, visit.slug) if visit.slug else None)


def about_change(visit: Visit, action: str, change_id: str) -> About:
    """Return what a call about a change is about."""
    return About(action, visit.slug, "change", change_id)


def shown_change(visit: Visit, change_id: ChangeId) -> ShownChange:
    """Return a change of the side that is visited; raises NotFound, which is recorded."""

    def call() -> ShownChange:
        with visit.house.database.read(visit.house.clock()) as tx:
            side = side_of_visit(tx, visit)
            change = changes.get(tx, change_id)
            if change is None or change.organization_id != (side.organization.id if side.organization else None):
                raise NotFound("not-found", "There is no such change.")
            return _shown(visit.house, tx, side, change, visit.person.id)

    return attempt(visit.house, visit.actor, about_change(visit, "show-change", change_id), call)


def _shown(house: House, tx: Transaction, side: Side, change: Change, reader: AdministratorId) -> ShownChange:
    kept = changes.signatures_of(tx, change.id)
    standing = change.standing(tx.now)
    is_open = standing is ChangeState.OPEN
    about = concerned(proposal_of(change.content))
    holders = holders_of(tx, side, change.kind, about) if is_open else []
    signed = {item.administrator_id for item in kept if item.decision is Decision.SIGN}
    count = counted(house, tx, side, change) if is_open else signed
    needed = max(change.quorum, needed_of(house, change.kind, holders)) if is_open else change.quorum
    names = _names(tx, [change], (item.administrator_id for item in kept))
    return ShownChange(
        change=change,
        title=title_of(change, names),
        standing=standing,
        proposer=names.get(change.proposer_id, ""),
        said=tuple(
            Said(
                item,
                names.get(item.administrator_id, ""),
                change_decision_words(item.decision),
                item.decision is not Decision.SIGN or item.administrator_id in count,
            )
            for item in kept
        ),
        needed=needed,
        missing=max(0, needed - len(count)) if is_open else 0,
        waits_for=tuple(item.person.name for item in holders if item.hindrance is None and item.person.id not in signed),
        hindered=hindered_words(holders),
        rules=tuple(rules_of(tx, side, change)),
        may_sign=any(item.person.id == reader and item.hindrance is None for item in holders) and reader not in signed,
        is_own=change.proposer_id == reader,
    )


def hindered_words(holders: Sequence[Holder]) -> tuple[str, ...]:
    """Return who of these people cannot sign now, each with the reason."""
    return tuple(f"{item.person.name} ({hindrance_words(item.hindrance)})" for item in holders if item.hindrance is not None)


def rules_of(tx: Transaction, side: Side, change: Change) -> list[Rule]:
    """Return in words what would differ from the version that a change was made of."""
    proposal = proposal_of(change.content)
    if change.kind is ChangeKind.POLICY and side.organization is not None:
        after = read_policy(proposal.value, side.organization.id, "", change.created_at)
        versions = policies.versions_of(tx, side.organization.id)
        return changed_rules(after, version_in(versions, change.subject, change.base))
    if change.kind is ChangeKind.PRICE:
        price = judge_price(proposal.value, change.created_at)
        return price_rules(price, prices.get(tx, price.tier, change.base))
    if change.kind is ChangeKind.AUTHORITY:
        state = judge_authority_state(proposal.value, change.created_at)
        return authority_rules(state, authority_states.by_version(tx, state.authority, change.base))
    if change.kind is ChangeKind.ROLE:
        return role_rules(tx, side, read_role_change(proposal.value), change.created_at)
    return []


def role_rules(tx: Transaction, side: Side, change: RoleChange | Removal, at: datetime) -> list[Rule]:
    """Return in words which role somebody gets or loses, or all that a removal ends of what the person held ``at`` that moment."""
    if isinstance(change, Removal):
        return _removal_rules(tx, side, change, at)
    role = (_role_in(tx, side, change.role, change.department_id),)
    rights = Rule(gettext("It lets the person"), (role_rights(change.role),))
    if change.gives:
        return [Rule(gettext("Role"), role, ()), rights]
    return [Rule(gettext("Role"), (), role), rights]


def authority_rules(state: AuthorityState, before: AuthorityState | None) -> list[Rule]:
    """Return whether a CA would issue, and why, compared with what holds; one that was never paused issues."""
    older = issuing_words(issues=before.issues if before else True)
    reason = Rule(gettext("Reason"), (state.reason,), (before.reason,) if before else ())
    return [Rule(gettext("Issuing"), (issuing_words(issues=state.issues),), (older,)), reason]


def _removal_rules(tx: Transaction, side: Side, change: Removal, at: datetime) -> list[Rule]:
    person = administrators.get(tx, change.administrator_id)
    held = [item for item in assignments.ever_of(tx, change.administrator_id) if item.holds_at(at)]
    roles = tuple(_role_in(tx, side, item.role, item.department_id) for item in held)
    counting = [item for item in administrators.credentials_of(tx, change.administrator_id) if item.not_after >= at]
    credentials = sum(item.revoked_at is None or item.revoked_at > at for item in counting)
    return [
        Rule(gettext("Person"), (f"{person.name}, {person.email}, {person.id}" if person else change.administrator_id,)),
        Rule(gettext("Decision"), (gettext("Remove"),)),
        Rule(gettext("Roles that end"), (), roles) if roles else Rule(gettext("Roles that end"), (gettext("none"),)),
        Rule(gettext("Credentials that are revoked"), (str(credentials),)),
    ]


def _role_in(tx: Transaction, side: Side, role: Role, department_id: DepartmentId | None) -> str:
    found = departments.get(tx, side.organization.id, department_id) if side.organization and department_id else None
    whole = gettext("the whole organization") if side.organization else gettext("the provider")
    return f"{role_words(role)}: {' / '.join(item.name for item in departments.way_to(tx, found)) if found else whole}"


def price_rules(price: Price, before: Price | None) -> list[Rule]:
    """Return a price in words, compared with another one where there is one."""
    older = (price_words(before.cents, before.currency),) if before else None
    return [Rule(gettext("One unit costs"), (price_words(price.cents, price.currency),), older)]


def version_in(versions: list[Policy], name: str, number: int) -> Policy | None:
    """Return the version of this name and number, or None."""
    return next((policy for policy in versions if (policy.name, policy.version) == (name, number)), None)


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A line of the list of changes."""

    change: Change
    kind: str
    title: str
    seal: tuple[str, str]
    proposer: str
    signers: tuple[str, ...]
    is_wanted: bool


def change_rows(visit: Visit, *, only_open: bool, after: str, limit: int) -> list[ChangeRow]:
    """Return changes of the side that is visited, the newest first; ``is_wanted`` where the reader's signature is."""
    with visit.house.database.read(visit.now) as tx:
        side = side_of_visit(tx, visit)
        found = changes.page(tx, side.organization.id if side.organization else None, only_open=only_open, after=after, limit=limit)
        signers = changes.signers_of(tx, [change.id for change in found])
        names = _names(tx, found, (person for change in found for person in signers[change.id]))
        can_sign = any(item.is_usable(tx.now) for item in administrators.credentials_of(tx, visit.person.id))
        wanted = {kind for kind in {change.kind for change in found} if can_sign and visit.person.may(side.right(kind))}
    return [
        ChangeRow(
            change=change,
            kind=change_kind_words(change.kind),
            title=title_of(change, names),
            seal=change_state_words(standing := change.standing(visit.now)),
            proposer=names.get(change.proposer_id, ""),
            signers=tuple(names.get(person, "") for person in signers[change.id]),
            is_wanted=standing is ChangeState.OPEN
            and change.kind in wanted
            and visit.person.id not in {*signers[change.id], change.subject},  # Nobody signs what is of himself.
        )
        for change in found
    ]
