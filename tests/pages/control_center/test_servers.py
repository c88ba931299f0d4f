"""The servers of a certificate on their page: changed row by row, everything typed kept, every change told below."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest

from privyseal.actions.certificate.revoke_certificate import BySystem, revoke_certificate
from privyseal.actions.house import About, perform
from privyseal.model.actor import SYSTEM
from privyseal.model.administrator import Role
from privyseal.model.certificate import Certificate
from privyseal.model.policy_draft import PolicyDraft
from privyseal.model.revocation import RevocationReason
from privyseal.store import certificate_servers
from tests.pages.browsing import require_refused
from tests.pages.control_center.console_rig import NAME, ORG, ConsoleRig, Desk, hidden
from tests.pages.control_center.test_hostile_text import require_plain
from tests.pages.control_center.test_reissue import button
from tests.pages.portal.portal_rig import Document
from tests.rigs.hostile_texts import SHORT
from tests.rigs.service import AdministratorRig, ServiceRig, make_csr, make_key

Answer = Any
"""The response type of the test client's library."""


def issued(rig: ConsoleRig, desk: Desk, *endpoints: str, **changes: Any) -> Certificate:  # noqa: ANN401 - fields of a submission
    """A certificate for these servers."""
    return desk.issue(rig.submit(endpoints=endpoints or ("web-server:www",), **changes))


def place(certificate: Certificate) -> str:
    """Its page of servers, below the control center."""
    return f"/certificates/{certificate.serial_hex}/servers"


def typed(*rows: str, known: int = 0) -> dict[str, str]:
    """What a browser sends of these rows, each ``kind:address``."""
    values = {"known": str(known)}
    for number, row in enumerate(rows, 1):
        kind, _, address = row.partition(":")
        values |= {f"kind-{number}": kind, f"address-{number}": address}
    return values


def servers_of(rig: ConsoleRig, certificate: Certificate) -> list[str]:
    """What uses it now."""
    with rig.service.house.database.read(rig.service.clock()) as tx:
        return [endpoint.text() for endpoint in certificate_servers.current(tx, certificate).endpoints]


def test_a_server_goes_from_one_certificate_to_another(rig: ConsoleRig, fox: Desk) -> None:
    one, two = issued(rig, fox, "web-server:a.test", "load-balancer:b.test:8443"), issued(rig, fox, "web-server:c.test")
    shown = fox.get(f"/certificates/{one.serial_hex}")
    assert f'href="{fox.home}{place(one)}"' in shown.text
    page = fox.get(place(one))
    fields = Document(page.text).fields
    assert [fields[name] for name in ("address-1", "kind-1", "address-2", "kind-2", "address-3")] == [
        "a.test",
        "web-server",
        "b.test:8443",
        "load-balancer",
        "",
    ]
    assert "Nothing yet: these are the servers that the request named." in page.text
    sent = fox.send(place(one), typed("web-server:a.test", "load-balancer:"))
    assert sent.headers["location"].endswith(f"/certificates/{one.serial_hex}")
    assert fox.send(place(two), typed("web-server:c.test", "web-server:", "load-balancer:https://b.test:8443/x")).status_code == 303
    assert servers_of(rig, one) == ["web-server:a.test"]
    assert servers_of(rig, two) == ["web-server:c.test", "load-balancer:b.test:8443"]
    rig.service.integrate()
    after = Document(fox.get(f"/certificates/{two.serial_hex}").text).text
    assert "c.test b.test:8443 Change the servers" in after
    assert "Servers changed (added: b.test:8443)" in after
    told = Document(fox.get(place(one)).text).text
    assert "Fox Mulder a.test (Web server) b.test:8443 (Load balancer) a.test (Web server)" in told
    request = Document(fox.get(f"/requests/{one.request_id}").text).text
    assert "b.test:8443" in request, "what was approved stays with the request"


def test_the_next_request_is_compared_with_the_servers_of_now(rig: ConsoleRig, fox: Desk) -> None:
    old = issued(rig, fox, "web-server:a.test")
    fox.send(place(old), typed("web-server:b.test"))
    assert isinstance(fox.who, AdministratorRig)
    paula = rig.desk(rig.service.administrator(ORG, "Paula Certificate", Role.CERTIFICATE_ADMINISTRATOR, by=fox.who))
    check = paula.follow(f"/certificates/{old.serial_hex}/reissue", {"csr": make_csr([NAME], make_key())})
    received = paula.send(button(check), {"csr": hidden(check.text, "csr")})
    shown = fox.get(received.headers["location"].removesuffix("/received"))
    assert "b.test (web server)" in shown.text
    assert "a.test" not in shown.text.replace("b.test", "")


def test_more_rows_change_nothing_and_an_emptied_row_stays_empty(rig: ConsoleRig, fox: Desk) -> None:
    certificate = issued(rig, fox, "web-server:a.test", "other:b.test")
    more = fox.send(place(certificate), typed("web-server:", "other:b.test", "web-server:c.test") | {"more": "yes"})
    fields = Document(more.text).fields
    assert more.status_code == 200
    assert [fields[f"address-{row}"] for row in range(1, 7)] == ["", "b.test", "c.test", "", "", ""]
    assert "address-7" not in fields
    full = Document(fox.send(place(certificate), typed(*(f"web-server:s{row}" for row in range(1, 21))) | {"more": "yes"}).text).fields
    assert (full["address-20"], "address-21" in full) == ("s20", False)
    assert servers_of(rig, certificate) == ["web-server:a.test", "other:b.test"]
    assert fox.send(place(certificate), typed("web-server:", "other:b.test", "web-server:c.test")).status_code == 303
    assert servers_of(rig, certificate) == ["other:b.test", "web-server:c.test"]


def test_what_is_wrong_is_told_at_the_rows_and_everything_typed_stays(rig: ConsoleRig, fox: Desk) -> None:
    certificate = issued(rig, fox, "web-server:a.test")
    refusals = {
        "web-server:": "Enter at least one server",
        "web-server:a b": "is no server. Enter a host name or address",
        "other:a.test:99999": "The port 99999 does not exist",
        "mail-server:[::g]": "No server can have the address [::g]",
    }
    for row, words in refusals.items():
        page = require_refused(fox.send(place(certificate), typed("web-server:", row, known=0)), 422, "address-1", words)
        kind, _, address = row.partition(":")
        assert (page.fields["address-1"], page.fields["address-2"], page.fields["kind-2"]) == ("", address, kind)
        assert page.fields["known"] == "0"
        assert bool(re.search(r'id="address-2"[^>]* aria-invalid="true"', page.source)) is bool(address)
    assert servers_of(rig, certificate) == ["web-server:a.test"]


@pytest.mark.parametrize("name", SHORT)
def test_hostile_texts(rig: ConsoleRig, fox: Desk, name: str) -> None:
    certificate, text = issued(rig, fox), SHORT[name]
    for values in (
        typed("web-server:www.resource-marketing.test") | {"known": text},
        typed("web-server:a.test") | {"kind-1": text},
        typed(f"web-server:{text}"),
        typed("web-server:x y") | {"known": text, "kind-1": text, "address-2": text, "kind-2": text},
    ):
        answer = fox.send(place(certificate), values)
        assert answer.status_code in {303, 409, 422}, answer.text
        if answer.status_code != 303:
            require_plain(answer.text, text)
    for server in servers_of(rig, certificate):
        assert html.escape(server) == server


def test_who_was_slower_is_told_and_keeps_what_was_typed(rig: ConsoleRig, fox: Desk) -> None:
    assert isinstance(fox.who, AdministratorRig)
    second = rig.desk(rig.service.administrator(ORG, "Dana Scully", by=fox.who))
    certificate = issued(rig, fox, "web-server:a.test")
    known = int(hidden(fox.get(place(certificate)).text, "known"))
    assert second.send(place(certificate), typed(*(f"web-server:s{row}.test" for row in range(1, 6)), known=known)).status_code == 303
    page = require_refused(
        fox.send(place(certificate), typed("web-server:mine.test", known=known)), 409, "address-1", "Somebody else just changed the servers"
    )
    assert page.fields["address-1"] == "mine.test"
    assert not any(page.fields.get(f"address-{row}") for row in range(2, 7)), "nothing of the other one among the rows"
    assert "Dana Scully a.test (Web server) s1.test (Web server) (new)" in page.text
    assert servers_of(rig, certificate)[0] == "web-server:s1.test"
    # A refusal of another kind does not take note of what nobody has seen.
    stale = require_refused(fox.send(place(certificate), typed("web-server:x y", known=known)), 422, "address-1")
    assert stale.fields["known"] == str(known)
    assert page.fields["known"] == "1"
    assert fox.send(place(certificate), typed("web-server:mine.test", known=1)).status_code == 303
    assert servers_of(rig, certificate) == ["web-server:mine.test"]
    assert fox.send(place(certificate), typed("web-server:mine.test", known=1)).status_code == 303, "pressed twice it is changed once"
    assert int(hidden(fox.get(place(certificate)).text, "known")) == 2


def test_of_many_changes_the_last_ones_are_told(rig: ConsoleRig, fox: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = issued(rig, fox, "web-server:a.test")
    for known, host in enumerate(("b.test", "c.test", "d.test")):
        assert fox.send(place(certificate), typed(f"web-server:{host}", known=known)).status_code == 303
    monkeypatch.setattr(certificate_servers, "LONGEST", 2)
    told = Document(fox.get(place(certificate)).text).text.partition("What was changed")[2]
    assert "c.test (Web server) d.test (Web server)" in told
    assert ("a.test" in told, "b.test" in told) == (False, False), "and none of them as if it came from the request"


def test_what_has_ended_is_shown_without_a_form(rig: ConsoleRig, fox: Desk) -> None:
    revoked, expired = issued(rig, fox), issued(rig, fox, lifetime_days=90)
    fox.send(place(revoked), typed("web-server:b.test"))
    about = About("revoke-certificate", ORG, "certificate", revoked.serial_hex)
    perform(rig.service.house, SYSTEM, about, revoke_certificate, ORG, revoked.serial_hex, BySystem(RevocationReason.SUPERSEDED))
    _require_ended(fox, revoked, "The certificate is revoked")
    assert "b.test" in fox.get(place(revoked)).text, "what was changed is told for ever"
    rig.service.clock.advance(timedelta(days=91))
    rig.service.integrate()
    _require_ended(rig.desk(fox.who), expired, "The certificate has expired")
    assert servers_of(rig, revoked) == ["web-server:b.test"]


def _require_ended(desk: Desk, certificate: Certificate, words: str) -> None:
    page = desk.get(place(certificate))
    assert (page.status_code, words in page.text, 'name="address-1"' in page.text) == (200, True, False)
    require_refused(desk.send(place(certificate), typed("web-server:c.test", known=1)), 409, "", words)
    assert place(certificate) not in desk.get(f"/certificates/{certificate.serial_hex}").text


def test_a_department_changes_its_own_alone(rig: ConsoleRig, fox: Desk) -> None:
    assert isinstance(fox.who, AdministratorRig)
    service = rig.service
    here, there = service.department(fox.who, "Here"), service.department(fox.who, "There")
    person = service.administrator(ORG, "Dora Department", Role.READ_ONLY, by=fox.who)
    person = service.assign(person, Role.DEPARTMENT_ADMINISTRATOR, by=fox.who, department=here.id)
    dora = rig.desk(person)
    own, other = issued(rig, fox, department=here.id), issued(rig, fox, department=there.id)
    assert dora.send(place(own), typed("web-server:b.test")).status_code == 303
    assert place(own) in dora.get(f"/certificates/{own.serial_hex}").text
    assert place(other) not in dora.get(f"/certificates/{other.serial_hex}").text
    for answer in (dora.get(place(other)), dora.send(place(other), typed("web-server:b.test"))):
        assert (answer.status_code, "certain departments alone" in answer.text) == (403, True)
    alone = rig.desk(service.assign(person, Role.READ_ONLY, by=fox.who, change="take"))
    for answer in (alone.get(place(other)), alone.send(place(other), typed("web-server:b.test"))):
        assert answer.status_code == 404
    reader = rig.desk(service.administrator(ORG, "Rita Reader", Role.READ_ONLY, by=fox.who))
    for answer in (reader.get(place(own)), reader.send(place(own), typed("web-server:c.test", known=1))):
        assert answer.status_code == 403
    assert servers_of(rig, other) == ["web-server:www"]


def test_a_policy_for_one_server_has_one_row(service: ServiceRig) -> None:
    service.create_organization("single", policy=PolicyDraft(max_endpoints=1), domains=("single.test",))
    desk = ConsoleRig(service).desk(service.administrator("single", "Sam Single"))
    request = service.submit("single", make_csr(["www.single.test"], make_key()), contact_email="sam@single.test")
    assert desk.approve(request).status_code == 303
    certificate = service.certificate_of(request)
    assert certificate is not None
    page = desk.get(place(certificate))
    fields = Document(page.text).fields
    assert ("address-1" in fields, "address-2" in fields, "This certificate may be on one server." in page.text) == (True, False, True)
    assert "More rows" not in page.text
    refused = require_refused(desk.send(place(certificate), typed("web-server:a.test", "web-server:b.test")), 422, "address-1", "allows 1")
    assert (refused.fields["address-1"], refused.fields["address-2"]) == ("a.test", "b.test")


def test_in_german(rig: ConsoleRig, fox: Desk) -> None:
    certificate = issued(rig, fox, "web-server:a.test")
    hosts = [f"web-server:{number:02}-{'x' * 50}.test" for number in range(9)]
    assert fox.send(place(certificate), typed(*hosts)).status_code == 303
    assert fox.send(place(certificate), typed(*(f"other:{host.partition(':')[2]}" for host in hosts), known=1)).status_code == 303
    rig.service.integrate()
    client = fox.client()
    client.headers["Accept-Language"] = "de"
    shown = client.get(f"{fox.home}/certificates/{certificate.serial_hex}").text.replace("<wbr>", "")
    first = ", ".join(host.partition(":")[2] for host in hosts[:3])
    assert f"Server geändert (hinzugekommen: {first}, 6 weitere; gestrichen: a.test)" in shown
    assert f"Server geändert (von anderer Art: {first}, 6 weitere)" in shown
    stale = client.post(f"{fox.home}{place(certificate)}", data=typed("web-server:b.test")).text
    assert "Jemand anderes hat die Server dieses Zertifikats gerade geändert" in stale
    assert '<option value="web-server" selected>Webserver</option>' in stale
