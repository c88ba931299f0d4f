"""Another person as a contact of an organization: whoever is asked at the old address and the new one both confirm it.

open -> applied, refused, withdrawn, overtaken or expired. The contact is who binds the company and is asked about lost cards,
so nobody changes it alone: neither an administrator nor the provider (requirements 4.1; facts/reliability.md, social engineering).
"""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

from privyseal.model.administrator import Administrator, AdministratorState, Role
from privyseal.model.application import ContactKind
from privyseal.model.errors import NotPermitted, Refused
from privyseal.model.identifiers import ContactChangeId, OrganizationId
from privyseal.model.request import require_text

CONFIRM_WITHIN: Final = timedelta(days=10)
"""How long both have for their answers; then it lapses."""

CALL_AFTER: Final = timedelta(days=3)
"""How long the old address has to answer before a call may stand for it: whoever reads his mail can still say no."""

NOTE_CHARACTERS: Final = 1_000

RECOVERY: Final = frozenset({Role.RECOVERY_REQUESTER, Role.RECOVERY_APPROVER})


class ContactSide(enum.Enum):
    """Whose code it is: of the address that is asked, or of the new one."""

    ASKED = "asked"
    NEW = "new"


ContactAnswer: TypeAlias = Literal["yes", "no"]


class ContactChangeEnd(enum.Enum):
    """How it ended."""

    APPLIED = "applied"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    OVERTAKEN = "overtaken"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class ContactChange:
    """``asked_email`` is the contact before, or the corporate contact where there was none of this kind; "" where nobody is known.

    ``agreed_at`` is the yes of that address, ``confirmed_at`` of the new one, ``called_at`` the call that stands for the first;
    ``telephone`` and ``note`` tell of it. Only the hashes of the codes are kept.
    """

    id: ContactChangeId
    organization_id: OrganizationId
    kind: ContactKind
    name: str
    email: str
    asked_email: str
    asked_hash: str
    new_hash: str
    is_by_provider: bool
    proposed_by: str
    proposed_at: datetime
    expires_at: datetime
    agreed_at: datetime | None = None
    confirmed_at: datetime | None = None
    called_at: datetime | None = None
    called_by: str = ""
    telephone: str = ""
    note: str = ""
    ended_at: datetime | None = None
    ended_by: str = ""
    end: ContactChangeEnd | None = None

    def is_open(self, now: datetime) -> bool:
        """Whether it can still be answered."""
        return self.end is None and now < self.expires_at


def read_contact_kind(text: str) -> ContactKind:
    """Return the kind of contact of this name; raises Refused ``contact-kind``."""
    try:
        return ContactKind(text)
    except ValueError:
        names = ", ".join(kind.value for kind in ContactKind)
        raise Refused("contact-kind", f"Choose which contact changes: {names}.", field="kind") from None


def require_contact_name(text: str) -> str:
    """Return the name of the new contact; raises Refused ``name``."""
    return require_text("name", text, 64)


def mailbox(email: str) -> str:
    """Return what all spellings of an address share that reach one mailbox almost everywhere: no case, nothing after a plus sign."""
    local, _, domain = email.casefold().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def require_independent(kind: ContactKind, email: str, people: Collection[Administrator]) -> None:
    """Raise Refused ``alert-contact`` where the alert contact would be told of what he does himself (I9, B68)."""
    if kind is not ContactKind.ALERT:
        return
    for person in people:
        if person.state is AdministratorState.REMOVED or mailbox(person.email) != mailbox(email):
            continue
        comes_in_with = {person.role} if person.state is AdministratorState.INVITED else set()
        if RECOVERY & ({assignment.role for assignment in person.assignments} | comes_in_with):
            sentence = "The alert contact hears when keys are recovered, so nobody with a recovery role can be it. Name somebody else."
            raise Refused("alert-contact", sentence, field="email")


def require_not_alerted(role: Role, email: str, alerted: str) -> None:
    """Raise Refused ``alert-contact`` where somebody would recover keys who is the alert contact: the same rule from the other side."""
    if role in RECOVERY and alerted and mailbox(email) == mailbox(alerted):
        sentence = (
            "This person is the alert contact, who hears when keys are recovered, so a recovery role is for somebody else. Have "
            "another alert contact named first, or give the role to another person."
        )
        raise Refused("alert-contact", sentence, field="role")


def require_telephone(text: str) -> str:
    """Return the number that was called; raises Refused ``call-telephone``."""
    number = require_text("telephone", text, 40, optional=True)
    if sum(character.isdigit() for character in number) < 5 or set(number) - set("+0123456789 ()-/."):
        sentence = "Write the number that was called. It comes from the vetting, never from a letter or from whoever asked."
        raise Refused("call-telephone", sentence, field="telephone")
    return number


def require_second_caller(change: ContactChange, proposer_email: str, caller: tuple[str, str]) -> None:
    """Raise NotPermitted ``second-person`` when whoever proposed it also calls; ``caller`` is (id, mail address)."""
    person, email = caller
    if person == change.proposed_by or email.casefold() in {proposer_email.casefold(), change.email.casefold()}:
        sentence = "You proposed this contact, or would be it. Somebody else of the provider calls and records the call."
        raise NotPermitted("second-person", sentence)


def require_organization_behind(change: ContactChange, *, has_administrators: bool) -> None:
    """Raise NotPermitted ``provider-alone`` where nobody of the organization took part though somebody could."""
    if change.is_by_provider and has_administrators:
        sentence = (
            "The provider proposed this contact, and its call alone does not do while the organization has administrators. One of them "
            "proposes the change, or the old address agrees."
        )
        raise NotPermitted("provider-alone", sentence)


def require_call_time(change: ContactChange, now: datetime) -> None:
    """Raise Refused ``call-too-early`` while the old address may still answer by itself."""
    if change.asked_email and now < change.proposed_at + CALL_AFTER:
        sentence = f"The old address has {CALL_AFTER.days} days to answer. A call can stand for its answer after that."
        raise Refused("call-too-early", sentence, field="telephone")
