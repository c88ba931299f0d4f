"""What was filled into a policy's own fields travels with the request: checked, signed, and not to be changed afterwards."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import sqlalchemy as sa

from privyseal.model.custom_field import CustomField, FieldPattern
from privyseal.model.errors import Refused
from privyseal.model.policy_draft import PolicyDraft
from privyseal.model.request import RequestState
from privyseal.store import requests
from tests.rigs.changes import change_policy
from tests.rigs.service import AdministratorRig, ServiceRig, make_csr, make_key

ORG = "resource-marketing"
NAME = "www.resource-marketing.test"
CENTER = CustomField("cost-center", "Cost center", required=True, pattern=FieldPattern.DIGITS, max_length=6)
TICKET = CustomField("ticket", "Ticket", required=False, pattern=FieldPattern.CODE, max_length=20)
DRAFT = PolicyDraft(custom_fields=(CENTER, TICKET))
FILLED_IN = {"ticket": "CHG-77", "cost-center": "4711"}
KEPT = (("cost-center", "4711"), ("ticket", "CHG-77"))


@pytest.fixture
def beginning() -> None:
    """The organization has a policy of its own here."""


@pytest.fixture
def fox(service: ServiceRig) -> AdministratorRig:
    service.create_organization(policy=DRAFT)
    return service.administrator(ORG, "Fox Mulder")


def csr() -> str:
    return make_csr([NAME], make_key())


def test_it_is_signed_with_the_request_and_comes_with_a_reissue(service: ServiceRig, fox: AdministratorRig) -> None:
    request = service.submit(ORG, csr(), custom_fields=FILLED_IN)
    assert request.custom_fields == service.request(request).custom_fields == KEPT
    assert json.loads(service.approval_content(request, fox))["custom_fields"] == [list(pair) for pair in KEPT]
    service.approve(request, fox)
    service.prepare_and_complete(request.id)
    certificate = service.certificate_of(request)
    assert certificate is not None
    assert b"4711" not in certificate.der
    assert b"CHG-77" not in certificate.der
    again = service.reissue(ORG, certificate.serial_hex, csr())
    assert again.custom_fields == KEPT
    service.approve(again, fox)


@pytest.mark.parametrize("given", [{}, {"cost-center": "x"}, {"cost-center": "1", "color": "red"}, {"cost-center": "-" * 9}])
def test_what_does_not_fit_is_refused_and_recorded(service: ServiceRig, fox: AdministratorRig, given: dict[str, str]) -> None:
    with pytest.raises(Refused) as caught:
        service.submit(ORG, csr(), custom_fields=given, actor=fox.actor)
    assert caught.value.kind == "custom-field"
    with service.house.database.read(service.clock()) as tx:
        assert tx.execute(requests.requests.select()).all() == []


def test_a_private_key_is_found_there_too(service: ServiceRig, fox: AdministratorRig) -> None:
    with pytest.raises(Refused) as caught:
        service.submit(ORG, csr(), custom_fields={"cost-center": "-----BEGIN PRIVATE KEY-----\nMIG"}, actor=fox.actor)
    assert caught.value.field == "field-cost-center"


@pytest.mark.parametrize("stored", ['[["cost-center", "9999"]]', "[]", '[["cost-center", "4711"], ["ticket", "CHG-78"]]'])
def test_what_changed_after_the_approval_is_not_issued(service: ServiceRig, fox: AdministratorRig, stored: str) -> None:
    request = service.submit(ORG, csr(), custom_fields=FILLED_IN)
    service.approve(request, fox)
    with service.house.database.write(service.clock()) as tx:
        tx.execute(sa.text("UPDATE requests SET custom_fields = :stored WHERE id = :id"), {"stored": stored, "id": request.id})
    service.prepare_and_complete(request.id)
    assert service.certificate_of(request) is None
    assert service.request(request).state is not RequestState.ISSUED


def test_a_request_keeps_the_questions_of_its_own_version(service: ServiceRig, fox: AdministratorRig) -> None:
    request = service.submit(ORG, csr(), custom_fields=FILLED_IN)
    dana = service.administrator(ORG, "Dana Scully", by=fox)
    change_policy(service, ORG, replace(DRAFT, custom_fields=(replace(CENTER, name="project", label="Project"),)), fox, dana)
    with pytest.raises(Refused):
        service.submit(ORG, csr(), custom_fields=FILLED_IN)
    service.approve(request, fox)
    service.prepare_and_complete(request.id)
    certificate = service.certificate_of(request)
    assert certificate is not None
    again = service.reissue(ORG, certificate.serial_hex, csr())
    assert again.custom_fields == KEPT
    assert again.policy_version == 2
    service.approve(again, dana)
