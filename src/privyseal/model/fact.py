"""Facts, in the past tense: what an action leaves in the outbox for listeners (style rule 16)."""

from __future__ import annotations

import enum


class FactKind(enum.Enum):
    """Everything a listener may hear of; the payload carries ids only."""

    APPLICATION_RECEIVED = "application-received"
    APPLICATION_CONFIRMED = "application-confirmed"
    APPLICATION_REJECTED = "application-rejected"
    KIT_MADE = "kit-made"
    TRIAL_ASKED = "trial-asked"
    TRIAL_ENDS = "trial-ends"
    VETTING_ENDS = "vetting-ends"
    ORGANIZATION_MOVED = "organization-moved"
    REQUEST_RECEIVED = "request-received"
    REQUEST_CONFIRMED = "request-confirmed"
    REQUEST_HELD = "request-held"
    REQUEST_ANSWERED = "request-answered"
    REQUEST_REJECTED = "request-rejected"
    REQUEST_WITHDRAWN = "request-withdrawn"
    REQUEST_FAILED = "request-failed"
    CERTIFICATE_ISSUED = "certificate-issued"
    CERTIFICATE_REVOKED = "certificate-revoked"
    KEY_DISCLOSED = "key-disclosed"
    ADMINISTRATOR_INVITED = "administrator-invited"
    LAST_ADMINISTRATOR_REPLACED = "last-administrator-replaced"
    CREDENTIAL_ADDED = "credential-added"
    CREDENTIAL_REVOKED = "credential-revoked"
    CREDENTIAL_ENDING = "credential-ending"
    ROLE_CHANGED = "role-changed"
    ADMINISTRATOR_REMOVED = "administrator-removed"
    LOST_CARD_REPORTED = "lost-card-reported"
    LOST_CARD_CONFIRMED = "lost-card-confirmed"
    CHANGE_PROPOSED = "change-proposed"
    CHANGE_CLOSED = "change-closed"
    PHRASE_GUESSED = "phrase-guessed"
    DOMAIN_LETTER_ASKED = "domain-letter-asked"
    DOMAIN_EXPIRING = "domain-expiring"
    DOMAIN_REMOVED = "domain-removed"
    CHECKPOINT_CHOSEN = "checkpoint-chosen"
