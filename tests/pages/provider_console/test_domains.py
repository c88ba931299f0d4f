"""Domains in the provider's console: what to publish is told, really looked up, and then names under the domain are issued."""

from __future__ import annotations

import re

import pytest

from privyseal.cli.demo.resolver import DemoResolver
from privyseal.model.errors import Refused
from tests.pages.browsing import ORG, PagesRig, require_refused
from tests.pages.portal.portal_rig import Document
from tests.rigs.ports import LOOPBACK
from tests.rigs.service import AdministratorRig, ServiceRig, make_csr, make_key
from tests.rigs.web import WebServer, loopback_policy, only, reply

ONE = f"/provider/organizations/{ORG}"
NAME = "langly.test"


def test_a_token_on_a_web_server_shows_control_on_the_page(service: ServiceRig, vera: AdministratorRig, mulder: AdministratorRig) -> None:
    with DemoResolver() as resolver, WebServer(reply(b"", status="404 Not Found")) as web:
        resolver.set_addresses(NAME, LOOPBACK)
        pages = PagesRig(service, ((resolver.host, resolver.port),), loopback_policy(web.port))
        desk = pages.signed_in(vera)
        shown = Document(desk.follow(f"{ONE}/domains", {"domain": NAME}).text).text
        published = re.search(rf"http://{re.escape(NAME)}:{web.port}(/\S+)", shown)
        token = re.search(rf"DNS TXT record \S+\.{re.escape(NAME)} with the value (\S+)", shown)
        assert published is not None, shown
        assert token is not None, shown
        place = f"{ONE}/domains/{NAME}/validation"
        require_refused(desk.post(place, {"method": "http-token"}), 422, "", "exactly this content")
        with pytest.raises(Refused, match=r"validation of langly\.test is missing"):
            service.submit(ORG, make_csr([f"www.{NAME}"], make_key()))
        web.answer = only(published[1], token[1].encode())
        answer = desk.follow(place, {"method": "http-token"})
        assert f"{NAME} Validated" in Document(answer.text).text
        assert {path for _, path in web.requests} == {published[1]}
    issued = service.issue(ORG, mulder, [f"www.{NAME}"])
    assert [name for _, name in issued.names] == [f"www.{NAME}"]
