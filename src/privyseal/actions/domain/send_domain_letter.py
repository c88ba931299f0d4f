"""Ask by mail whether an organization controls a domain (CA/Browser Forum TLS BR 3.2.2.4.4, A37).

1. the address is one of the constructed ones, at the domain or above it, never below and never elsewhere
2. a random value of 256 bits is drawn for this letter alone; its hash is stored
3. the letter is left in the outbox; it carries the value, which counts once and for a week
"""

from __future__ import annotations

from datetime import timedelta

from privyseal.actions.house import House, announce, record
from privyseal.engine.names import registered_domain
from privyseal.engine.phrases import code_hash, new_code
from privyseal.model import rules
from privyseal.model.actor import Actor, require
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.domain import validation_addresses
from privyseal.model.errors import NotFound, Refused, TooManyRequests
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import DomainLetterId
from privyseal.store import domain_letters, organizations
from privyseal.store.database import Transaction
from privyseal.store.domain_letters import DomainLetter

LETTERS_A_DAY = 10
"""About one domain. Whoever owns it did not ask for any."""


def send_domain_letter(house: House, tx: Transaction, actor: Actor, slug: str, name: str, address: str) -> DomainLetter:
    """Leave the letter in the outbox and return its record.

    Raises NotFound, NotPermitted, Refused ``domain-address``, TooManyRequests ``domain-letters``.
    """
    require(actor, Permission.VET, None)
    organization = organizations.require(tx, slug)
    domain = organizations.domain_named(tx, organization.id, name)
    if domain is None or domain.removed_at is not None:
        raise NotFound("not-found", "There is no such domain registered for this organization.")
    addresses = validation_addresses(domain.name, registered_domain(domain.name))
    if address not in addresses:
        sentence = f"Nobody is asked at that address. Control over {domain.name} is shown by mail to one of {', '.join(addresses)}."
        raise Refused("domain-address", sentence, field="address")
    if domain_letters.sent_since(tx, domain.id, tx.now - timedelta(days=1)) >= LETTERS_A_DAY:
        sentence = f"{LETTERS_A_DAY} letters about {domain.name} were sent within a day. Wait until tomorrow, or publish a DNS record."
        raise TooManyRequests("domain-letters", sentence, retry_after_seconds=3600)
    code = new_code(house.random_bytes)
    letter = DomainLetter(
        id=DomainLetterId(house.id("ltr", tx.now)),
        domain_id=domain.id,
        organization_id=organization.id,
        address=address,
        token=domain.token,
        code_hash=code_hash(code),
        sent_at=tx.now,
        expires_at=tx.now + rules.MAIL_CODE_LIFE,
        confirmed_at=None,
    )
    domain_letters.insert(tx, letter)
    event = AuditEvent("send-domain-letter", Outcome.DONE, "domain", domain.name, reason=address.partition("@")[0])
    record(house, tx, actor, slug, event)
    announce(house, tx, FactKind.DOMAIN_LETTER_ASKED, {"organization": slug, "letter": letter.id, "code": code})
    return letter
