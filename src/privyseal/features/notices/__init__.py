"""The letters wing: every fact that somebody must hear of becomes a mail (requirements 5.5, A44 to A47).

``letters`` decides what is said, ``recipients`` to whom, ``render`` makes the message, ``transport`` hands it over. The
job engine calls the listeners at least once; each letter is one outbox row, so it is tried, retried and noted alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from privyseal.actions.house import House
from privyseal.features import Feature, Listener, MailSettings
from privyseal.features.notices import (
    account_letters,
    administrator_letters,
    change_letters,
    contact_letters,
    desk,
    domain_letters,
    letters,
    misuse_letters,
    review_letters,
    sign_on_letters,
)
from privyseal.features.notices.recipients import (
    Recipients,
    contact_administrators_and_operators,
    contact_administrators_and_provider,
    contact_and_revokers,
    corporate_contact_and_all_administrators,
    corporate_contact_and_reviewers,
    corporate_contact_and_security,
    everybody_about_a_contact,
    organization_and_vetters,
    warned_of_a_contact,
    who_may,
)
from privyseal.features.notices.render import make_message, marked, require_address, require_header
from privyseal.features.notices.transport import Transport, deliver, make_transport
from privyseal.model.administrator import Permission
from privyseal.model.errors import Refused
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import RequestId
from privyseal.model.organization import Organization
from privyseal.store import organizations, outbox, requests
from privyseal.store.database import Transaction
from privyseal.store.outbox import OutboxRow


@dataclass(frozen=True, slots=True)
class Notice:
    """A letter and who gets it; without ``recipients`` the letter itself knows its one addressee."""

    compose: desk.Compose
    recipients: Recipients | None = None


NOTICES: Final[Mapping[str, Notice]] = {
    "notices.received": Notice(letters.received),
    "notices.pending": Notice(letters.pending, who_may(Permission.APPROVE)),
    "notices.held": Notice(letters.held),
    "notices.rejected": Notice(letters.rejected),
    "notices.withdrawn": Notice(letters.withdrawn),
    "notices.failed": Notice(letters.failed, who_may(Permission.APPROVE)),
    "notices.issued": Notice(letters.issued),
    "notices.revoked": Notice(letters.revoked, contact_and_revokers),
    "notices.key-disclosed": Notice(letters.key_disclosed, contact_administrators_and_provider),
    "notices.invitation": Notice(administrator_letters.invitation),
    "notices.credential-added": Notice(administrator_letters.credential_added, corporate_contact_and_all_administrators),
    "notices.credential-revoked": Notice(administrator_letters.credential_revoked, corporate_contact_and_all_administrators),
    "notices.credential-ending": Notice(administrator_letters.credential_ending),
    "notices.lost-card-code": Notice(administrator_letters.lost_card_code),
    "notices.lost-card": Notice(administrator_letters.lost_card, contact_administrators_and_operators),
    "notices.last-replaced": Notice(administrator_letters.last_replaced, corporate_contact_and_all_administrators),
    "notices.phrase-guessed": Notice(letters.phrase_guessed, who_may(Permission.APPROVE)),
    "notices.names-refused": Notice(misuse_letters.names_refused, corporate_contact_and_security),
    "notices.sign-on-changed": Notice(sign_on_letters.sign_on_changed, corporate_contact_and_security),
    "notices.identity-linked": Notice(sign_on_letters.identity_linked, corporate_contact_and_security),
    "notices.role-changed": Notice(administrator_letters.role_changed, corporate_contact_and_security),
    "notices.administrator-removed": Notice(administrator_letters.administrator_removed, corporate_contact_and_security),
    "notices.access-review": Notice(review_letters.review_made, corporate_contact_and_reviewers),
    "notices.access-review-waits": Notice(review_letters.review_waits, corporate_contact_and_reviewers),
    "notices.contact-asked": Notice(contact_letters.contact_asked),
    "notices.contact-proposed": Notice(contact_letters.contact_proposed, warned_of_a_contact),
    "notices.contact-closed": Notice(contact_letters.contact_closed, everybody_about_a_contact),
    "notices.change-waiting": Notice(change_letters.change_waiting, corporate_contact_and_all_administrators),
    "notices.change-closed": Notice(change_letters.change_closed, corporate_contact_and_all_administrators),
    "notices.domain-control": Notice(domain_letters.domain_control),
    "notices.domain-expiring": Notice(domain_letters.domain_expiring, corporate_contact_and_all_administrators),
    "notices.domain-removed": Notice(domain_letters.domain_removed, corporate_contact_and_all_administrators),
    "notices.checkpoint": Notice(letters.checkpoint),
    "notices.application-code": Notice(account_letters.application_code),
    "notices.application-waits": Notice(account_letters.application_waits, who_may(Permission.VET)),
    "notices.application-rejected": Notice(account_letters.application_rejected),
    "notices.trial-code": Notice(account_letters.trial_code),
    "notices.trial-ends": Notice(account_letters.trial_ends, corporate_contact_and_all_administrators),
    "notices.kit": Notice(account_letters.kit, corporate_contact_and_all_administrators),
    "notices.vetting-ends": Notice(account_letters.vetting_ends, organization_and_vetters),
    "notices.organization-moved": Notice(account_letters.organization_moved, corporate_contact_and_all_administrators),
}
"""Every letter, by the name of its listener."""

LISTENS: Final[Mapping[FactKind, tuple[str, ...]]] = {
    FactKind.REQUEST_RECEIVED: ("notices.received", "notices.pending"),
    FactKind.REQUEST_CONFIRMED: ("notices.pending",),
    FactKind.REQUEST_HELD: ("notices.held",),
    FactKind.REQUEST_ANSWERED: ("notices.pending",),
    FactKind.REQUEST_REJECTED: ("notices.rejected",),
    FactKind.REQUEST_WITHDRAWN: ("notices.withdrawn",),
    FactKind.REQUEST_FAILED: ("notices.failed",),
    FactKind.CERTIFICATE_ISSUED: ("notices.issued",),
    FactKind.CERTIFICATE_REVOKED: ("notices.revoked",),
    FactKind.KEY_DISCLOSED: ("notices.key-disclosed",),
    FactKind.ADMINISTRATOR_INVITED: ("notices.invitation",),
    FactKind.CREDENTIAL_ADDED: ("notices.credential-added",),
    FactKind.CREDENTIAL_REVOKED: ("notices.credential-revoked",),
    FactKind.CREDENTIAL_ENDING: ("notices.credential-ending",),
    FactKind.LOST_CARD_REPORTED: ("notices.lost-card-code",),
    FactKind.LOST_CARD_CONFIRMED: ("notices.lost-card",),
    FactKind.LAST_ADMINISTRATOR_REPLACED: ("notices.last-replaced",),
    FactKind.PHRASE_GUESSED: ("notices.phrase-guessed",),
    FactKind.NAMES_REFUSED: ("notices.names-refused",),
    FactKind.SIGN_ON_CHANGED: ("notices.sign-on-changed",),
    FactKind.IDENTITY_LINKED: ("notices.identity-linked",),
    FactKind.ROLE_CHANGED: ("notices.role-changed",),
    FactKind.ADMINISTRATOR_REMOVED: ("notices.administrator-removed",),
    FactKind.ACCESS_REVIEW_MADE: ("notices.access-review",),
    FactKind.ACCESS_REVIEW_WAITS: ("notices.access-review-waits",),
    FactKind.CONTACT_ASKED: ("notices.contact-asked",),
    FactKind.CONTACT_CHANGE_PROPOSED: ("notices.contact-proposed",),
    FactKind.CONTACT_CHANGE_CLOSED: ("notices.contact-closed",),
    FactKind.CHANGE_PROPOSED: ("notices.change-waiting",),
    FactKind.CHANGE_CLOSED: ("notices.change-closed",),
    FactKind.DOMAIN_LETTER_ASKED: ("notices.domain-control",),
    FactKind.DOMAIN_EXPIRING: ("notices.domain-expiring",),
    FactKind.DOMAIN_REMOVED: ("notices.domain-removed",),
    FactKind.CHECKPOINT_CHOSEN: ("notices.checkpoint",),
    FactKind.APPLICATION_RECEIVED: ("notices.application-code",),
    FactKind.APPLICATION_CONFIRMED: ("notices.application-waits",),
    FactKind.APPLICATION_REJECTED: ("notices.application-rejected",),
    FactKind.TRIAL_ASKED: ("notices.trial-code",),
    FactKind.TRIAL_ENDS: ("notices.trial-ends",),
    FactKind.KIT_MADE: ("notices.kit",),
    FactKind.VETTING_ENDS: ("notices.vetting-ends",),
    FactKind.ORGANIZATION_MOVED: ("notices.organization-moved",),
}

_RECIPIENT: Final = "recipient"


def listeners(house: House, mail_settings: MailSettings) -> Mapping[str, Listener]:
    """Return the listener of every letter; raises Refused ``mail-settings``."""
    _require_sender(mail_settings)
    post_room = _PostRoom(house, mail_settings, make_transport(mail_settings, house.service.service_id))
    return {name: post_room.listener(notice) for name, notice in NOTICES.items()}


def _require_sender(mail_settings: MailSettings) -> None:
    try:
        require_address(mail_settings.sender_address)
        require_header(mail_settings.sender_name)
        if mail_settings.auditor_address:
            require_address(mail_settings.auditor_address)
    except Refused as refusal:
        sentence = (
            f"{mail_settings.sender_address!r} cannot be the sender of letters, or {mail_settings.auditor_address!r} not the auditor: "
            "name one plain mail address, without a person's name."
        )
        raise Refused("mail-settings", sentence) from refusal


FEATURE: Final = Feature(listens=LISTENS, make_listeners=listeners)


@dataclass(frozen=True, slots=True)
class _PostRoom:
    house: House
    settings: MailSettings
    transport: Transport

    def listener(self, notice: Notice) -> Listener:
        def hear(row: OutboxRow, message_id: str) -> bool:
            if notice.recipients is not None and _RECIPIENT not in row.payload:
                self._address(row, notice.recipients)
                return True
            return self._send(row, message_id, notice)

        return hear

    def _address(self, row: OutboxRow, recipients: Recipients) -> None:
        """Write one row for each recipient. Run twice, it writes none twice: the ids are made from row and recipient."""
        with self.house.database.write(self.house.clock()) as tx:
            copies = []
            for recipient in recipients(tx, _organization(tx, row), row.payload):
                copy_id = f"{row.id}-{hashlib.sha256(recipient.encode()).hexdigest()[:12]}"
                if outbox.get(tx, copy_id) is None:
                    copies.append((copy_id, row.fact, row.listener, row.payload | {_RECIPIENT: recipient}))
            outbox.insert(tx, copies)

    def _send(self, row: OutboxRow, message_id: str, notice: Notice) -> bool:
        """Hand the letter over; False when nobody is to be told any more, such as of a request that was decided meanwhile."""
        now = self.house.clock()
        with self.house.database.read(now) as tx:
            letter = notice.compose(desk.Desk(self.house, tx, row, str(row.payload.get(_RECIPIENT, "")), self.settings.auditor_address))
            organization = _organization(tx, row) if letter is not None else None
        if letter is None:
            return False
        if organization is not None and organization.is_trial:
            letter = marked(letter)
        sender = self.settings.sender_address
        if not letter.values["help_contact"]:
            letter = replace(letter, values=dict(letter.values) | {"help_contact": sender})
        message = make_message(
            letter,
            sender_name=self.settings.sender_name,
            sender_address=sender,
            message_id=f"{message_id}@{self.house.service.service_id}",
            now=now,
        )
        deliver(self.transport, message, letter.recipient, message_id)
        return True


def _organization(tx: Transaction, row: OutboxRow) -> Organization | None:
    """The organization that a fact is about, None for the provider; some facts name only their request."""
    slug = row.payload.get("organization")
    if slug is None and "request" not in row.payload:
        return None
    if slug is None:
        request_id = RequestId(row.payload["request"])
        return organizations.get(tx, requests.get_many(tx, [request_id])[request_id].organization_id)
    return organizations.require(tx, slug) if slug else None
