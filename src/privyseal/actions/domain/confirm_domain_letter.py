"""Whoever got the letter says that the organization controls the domain (CA/Browser Forum TLS BR 3.2.2.4.4, A37).

Called by a POST alone: programs open every link of a letter before its reader does.
"""

from __future__ import annotations

import dataclasses

from privyseal.actions.house import House
from privyseal.actions.validating import store_validation
from privyseal.engine.dcv import Evidence
from privyseal.engine.phrases import code_hash
from privyseal.model.actor import Actor
from privyseal.model.domain import Domain, ValidationMethod
from privyseal.model.errors import NotFound
from privyseal.model.identifiers import DomainLetterId
from privyseal.store import domain_letters, organizations
from privyseal.store.database import Transaction


def confirm_domain_letter(house: House, tx: Transaction, actor: Actor, letter_id: DomainLetterId, code: str) -> Domain:
    """Mark the domain as validated by mail; the value of a letter counts once.

    Raises NotFound ``domain-letter`` for a value that is wrong, used or expired, Conflict ``domain-changed``.
    """
    letter = domain_letters.get(tx, letter_id)
    if letter is None or not domain_letters.confirm(tx, letter_id, code_hash(code)):
        sentence = "This value confirms nothing: it is wrong, was used already, or is older than a week. Ask for a new letter."
        raise NotFound("domain-letter", sentence)
    domain = organizations.domain_of_id(tx, letter.domain_id)
    if domain is None:
        raise LookupError(letter.domain_id)
    evidence = Evidence(
        method=ValidationMethod.MAIL,
        name=letter.address,
        answers=(f"letter {letter.id} of {letter.sent_at.isoformat()} confirmed with its value",),
        resolvers=(),
        connected_to="",
        authenticated=False,
        at=tx.now,
    )
    slug = organizations.get(tx, letter.organization_id).slug
    # The token of the letter: control shown to somebody who had the domain before counts for nobody after.
    return store_validation(house, tx, actor, slug, dataclasses.replace(domain, token=letter.token), evidence)
