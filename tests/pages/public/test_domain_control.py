"""The page behind the letter about a domain: opening it does nothing, its button does, once."""

from __future__ import annotations

import sqlalchemy as sa

from privyseal.actions.domain.send_domain_letter import send_domain_letter
from privyseal.actions.house import About, perform
from privyseal.model.domain import ValidationMethod
from privyseal.model.fact import FactKind
from privyseal.store import organizations, outbox
from tests.pages.browsing import ORG, PagesRig
from tests.rigs.service import OPERATOR, ServiceRig

ZONE = "resource-marketing.test"
ABOUT = About("test", ORG, "domain", ZONE)


def method(service: ServiceRig) -> ValidationMethod | None:
    with service.house.database.read(service.clock()) as tx:
        found = organizations.domain_named(tx, organizations.require(tx, ORG).id, ZONE)
    assert found is not None
    return found.method


def test_only_the_button_confirms_and_only_once(service: ServiceRig) -> None:
    service.listeners[FactKind.DOMAIN_LETTER_ASKED] = ("test.letter",)
    pages = PagesRig(service)
    letter = perform(service.house, OPERATOR, ABOUT, send_domain_letter, ORG, ZONE, f"postmaster@{ZONE}")
    with service.house.database.read(service.clock()) as tx:
        code = tx.execute(sa.select(outbox.outbox.c.payload)).scalars().all()[-1]["code"]
    place, reader = f"/domain-control/{letter.id}", pages.browser()
    for _ in range(2):  # A scanner opens the link, and again.
        answer = reader.get(place, code=code)
        assert (answer.status_code, code in answer.text) == (200, True)
    assert method(service) is ValidationMethod.DNS_TXT
    assert reader.post(place, {"code": "nonsense"}).status_code == 422
    assert reader.post(place, {"code": "a" * 52}).status_code == 404
    assert method(service) is ValidationMethod.DNS_TXT
    assert reader.post(place, {"code": code}).status_code == 303
    assert method(service) is ValidationMethod.MAIL
    assert "It is confirmed" in reader.get(place).text
    assert reader.post(place, {"code": code}).status_code == 404
    assert reader.get("/domain-control/ltr-" + "0" * 32).status_code == 404
    assert reader.get("/domain-control/x").status_code == 404
