"""Everything that is looked at in the control center: home, queue, certificates, people, tokens, audit log, settings."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from privyseal.actions.administrator.create_api_token import create_api_token
from privyseal.actions.house import About, perform, record
from privyseal.model.actor import SYSTEM
from privyseal.model.administrator import Permission, Role
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.unit import UnitTier
from privyseal.pages.control_center.entry import PAGE_SIZE
from privyseal.store import audit, organizations, units
from privyseal_wire.export import verify_export
from tests.pages.control_center.console_rig import NAME, ORG, OTHER, ConsoleRig, Desk, colleague, hidden
from tests.pages.portal.portal_rig import Document
from tests.rigs.passkeys import holder
from tests.rigs.service import OPERATOR, AdministratorRig


def issued(rig: ConsoleRig, desk: Desk, name: str = NAME) -> str:
    """The serial number of a new certificate."""
    return desk.issue(rig.submit(name)).serial_hex


def test_the_first_page_says_what_waits_and_what_is_left(rig: ConsoleRig, fox: Desk) -> None:
    assert "Nothing waits for a decision" in fox.get().text
    issued(rig, fox)
    rig.submit("shop.resource-marketing.test")
    rig.submit("mail.resource-marketing.test")
    page = fox.get().text
    assert "2 requests wait for a decision" in page
    assert fox.get("/tokens/new").status_code == 200
    assert "shop.resource-marketing.test" in page
    assert re.search(r"<dt>Left</dt><dd>19</dd>", page)
    assert re.search(r"<dt>Bought</dt><dd>20</dd>", page)


def test_filters_are_addresses_and_pages_go_on(rig: ConsoleRig, fox: Desk) -> None:
    made = [rig.submit(f"host{number}.resource-marketing.test") for number in range(53)]
    first = fox.get("/requests")
    assert first.text.count("data-row") == 50
    older = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert older is not None
    second = fox.get(older.group(1).replace("&amp;", "&"))
    assert second.text.count("data-row") == 3
    assert f"/requests/{made[0].id}" in second.text
    assert "Back to the newest" in second.text
    found = fox.get("/requests", name="HOST7.")
    assert (found.text.count("data-row"), "host7.resource" in found.text) == (1, True)
    assert "host1.resource" not in fox.get("/requests", show="rejected").text
    assert fox.get("/requests", show="nonsense", before="x", name="%' OR 1=1--").status_code == 200


def test_certificates_are_found_by_what_is_known_of_them(rig: ConsoleRig, fox: Desk) -> None:
    www, shop = issued(rig, fox), issued(rig, fox, "shop.resource-marketing.test")
    grouped = ":".join(www[start : start + 2] for start in range(0, len(www), 2)).upper()
    for text, there, not_there in (
        ("www.", www, shop),
        ("SHOP.resource-marketing.test", shop, www),
        (shop, shop, www),
        (grouped, www, shop),
    ):
        page = fox.get("/certificates", text=text).text
        assert there in page, text
        assert not_there not in page, text
    assert fox.get("/certificates", text="dana@resource-marketing.test").text.count("data-row") == 2
    assert "No certificate fits" in fox.get("/certificates", text="nobody@resource-marketing.test").text
    assert fox.get("/certificates", **{"from": "2020-01-01", "to": "2020-02-01"}).text.count("data-row") == 0
    today = f"{rig.service.clock():%Y-%m-%d}"
    assert fox.get("/certificates", **{"from": today, "to": today}).text.count("data-row") == 2
    for name, value in (("text", "a b"), ("from", "yesterday"), ("to", "2026-13-01")):
        wrong = fox.get("/certificates", **{name: value})
        assert (wrong.status_code, f'href="#{name}"' in wrong.text) == (400, True)
    rig.service.clock.advance(timedelta(days=350))
    rig.service.integrate()
    later = rig.desk(colleague(fox, "Later Admin"))
    assert later.get("/certificates", show="expiring").text.count("data-row") == 2
    assert "2 end within 30 days" in later.get().text


def test_a_certificate_with_its_files_and_its_history(rig: ConsoleRig, fox: Desk) -> None:
    serial = issued(rig, fox)
    rig.service.integrate()
    page = fox.get(f"/certificates/{serial}").text
    for words in (
        "Request received",
        "Approved under signature",
        "Certificate prepared and linted",
        "Fox Mulder",
        "with its approvals",
        "in the portal",
    ):
        assert words in page, words
    for form, begin in (("chain", b"-----BEGIN CERT"), ("pem", b"-----BEGIN CERT"), ("der", b"\x30"), ("pkcs7", b"\x30")):
        answer = fox.get(f"/certificates/{serial}/files/{form}")
        assert (answer.status_code, answer.content.startswith(begin)) == (200, True), form
    assert fox.get(f"/certificates/{serial}/files/key").status_code == 404
    assert fox.get("/certificates/00").status_code == 404


@pytest.mark.parametrize("by_passkey", [True, False])
def test_a_certificate_is_revoked_under_a_signature(rig: ConsoleRig, by_passkey: bool) -> None:  # noqa: FBT001 - a parameter of the test
    desk = rig.desk(holder(rig.service, ORG) if by_passkey else rig.service.administrator(ORG, "Fox Mulder"))
    serial = issued(rig, desk)
    nothing = desk.send(f"/certificates/{serial}/revocation", {"comment": ""})
    assert (nothing.status_code, 'href="#reason"' in nothing.text) == (422, True)
    page = desk.follow(f"/certificates/{serial}/revocation", {"reason": "keyCompromise", "comment": "Laptop stolen"})
    assert "This cannot be taken back" in page.text
    kept = {"reason": "keyCompromise", "comment": "Laptop stolen"}
    if by_passkey:
        sent = desk.sign_with_passkey(page)
        other = desk.send(
            f"/certificates/{serial}/revoked", {**sent, **kept, "content": sent["content"].replace("keyCompromise", "superseded")}
        )
        assert other.status_code == 422
        answer = desk.send(f"/certificates/{serial}/revoked", {**sent, **kept})
    else:
        answer = desk.send(f"/certificates/{serial}/revoked", kept, desk.sign_file(page))
    assert answer.status_code == 303, answer.text
    assert "is revoked" in desk.get(answer.headers["location"]).text
    shown = desk.get(f"/certificates/{serial}").text
    assert "keyCompromise" in shown
    assert "Revoke this certificate" not in shown
    assert desk.get("/certificates", show="revoked").text.count("data-row") == 1


def test_an_invitation_is_signed(rig: ConsoleRig, paula: Desk) -> None:
    assert "Only one person can invite others" in paula.get("/administrators").text
    asked = {"full_name": "Robin Reader", "email": "robin@resource-marketing.test"}
    for field, value in (("full_name", " "), ("email", "x")):
        wrong = paula.send("/administrators/invite", {**asked, field: value})
        assert (wrong.status_code, f'href="#{field}"' in wrong.text) == (422, True), field
    # Nobody chooses a role here, and one that is sent along is not signed.
    assert 'name="role"' not in paula.get("/administrators/invite").text
    page = paula.follow("/administrators/invite", {**asked, "role": Role.SECURITY_ADMINISTRATOR.value})
    assert page.status_code == 200, page.text
    assert "security-administrator" not in page.text
    sent = paula.sign_with_passkey(page)
    raised = paula.send("/administrators/invited", {**asked, **sent, "content": sent["content"].replace("read-only", "auditor")})
    assert raised.status_code == 422
    answer = paula.send("/administrators/invited", {**asked, **sent})
    assert answer.status_code == 303, answer.text
    done = paula.get(answer.headers["location"]).text
    assert "Robin Reader is invited" in done
    assert "New administrators start by reading." in done
    assert "Give a role to Robin Reader" in paula.get(f"{answer.headers['location'].removesuffix('/invited')}/roles").text
    other = paula.follow("/administrators/invite", {**asked, "email": "other@resource-marketing.test"})
    assert paula.send("/administrators/invited", {**asked, **paula.sign_with_passkey(other)}).status_code == 409


def test_an_invitation_that_carries_a_role_is_refused(rig: ConsoleRig, fox: Desk) -> None:
    """What is signed here is made by the page; somebody who makes his own and signs it gets nowhere."""
    assert isinstance(fox.who, AdministratorRig)
    content = rig.service.invitation_content(fox.who, "Robin Reader", Role.SECURITY_ADMINISTRATOR)
    asked = {"full_name": "Robin Reader", "email": "robin.reader@resource-marketing.test"}
    told = fox.send("/administrators/invited", asked, rig.service.sign(content, fox.who))
    assert told.status_code == 422
    assert "An invitation lets somebody in for reading alone" in told.text
    assert "Robin Reader" not in fox.get("/administrators").text


def test_a_credential_is_revoked_and_its_sessions_end(rig: ConsoleRig, paula: Desk) -> None:
    fox = colleague(paula, "Fox Mulder")
    desk = rig.desk(fox)
    page = paula.get(f"/administrators/{fox.administrator.id}").text
    assert "Passkey: Laptop" in page
    assert "Firefox" in page
    way = f"/administrators/{fox.administrator.id}/credentials/{fox.certificate_sha256}/revoke"
    assert "the only valid one" in paula.get(way).text
    assert paula.send(way).status_code == 422
    assert desk.get().status_code == 200
    assert "The device or card is lost" in paula.get(way).text
    assert "Nowhere." not in paula.get(f"/administrators/{fox.administrator.id}").text
    assert paula.send(way, {"reason": "lost"}).status_code == 303
    after = paula.get(f"/administrators/{fox.administrator.id}").text
    assert "Nowhere." in after, "a session of a revoked credential is none any more"
    assert "/sign-in" in desk.get().headers["location"]
    assert paula.get(way.replace(fox.certificate_sha256, "0" * 64)).status_code == 404


def test_every_credential_of_a_person_is_revoked_in_one_step(rig: ConsoleRig, paula: Desk) -> None:
    fox = colleague(paula, "Fox Mulder")
    desk, one = rig.desk(fox), f"/administrators/{fox.administrator.id}"
    assert desk.get().status_code == 200
    assert "Revoke all credentials" in paula.get(one).text
    way = f"{one}/credentials/revoke"
    asked = paula.get(way).text
    assert "1 credential counts no more" in asked
    assert "changes still need as many signatures as before" in asked
    assert "only your provider can let you in again" not in asked
    assert (paula.send(way).status_code, paula.send(way, {"reason": "<b>"}).status_code) == (422, 422)
    assert desk.get().status_code == 200, "nothing is revoked without a reason"
    assert paula.send(way, {"reason": "exposed"}).status_code == 303
    assert "/sign-in" in desk.get().headers["location"]
    after = paula.get(one).text
    assert "Nowhere." in after
    assert "Revoke all credentials" not in after, "there is none left"
    assert "Remove this person" in after
    own = paula.get(f"/administrators/{paula.who.administrator.id}/credentials/revoke").text
    assert "only your provider can let you in again" in own, "nobody else may invite"
    assert paula.send(way, {"reason": "lost"}).status_code == 303, "a second time is harmless"
    assert paula.get(f"/administrators/adm-{'0' * 32}/credentials/revoke").status_code == 404


def test_heavy_actions_ask_for_the_credential_again(rig: ConsoleRig, fox: Desk) -> None:
    rig.service.clock.advance(timedelta(minutes=6))
    rig.service.integrate()
    assert "/step-up" in fox.get("/tokens/new").headers["location"]
    refused = fox.send("/tokens", {"token_name": "x", "scopes": "read", "days": "1"})
    assert (refused.status_code, "/step-up" in refused.text) == (403, True)
    assert fox.get("/requests").status_code == 200


def test_many_tokens_are_shown_page_by_page(rig: ConsoleRig, fox: Desk) -> None:
    about = About("create-api-token", ORG, "api-token", "new")
    for number in range(PAGE_SIZE + 2):
        perform(rig.service.house, OPERATOR, about, create_api_token, ORG, f"program {number}", (Permission.READ,), 30)
    first = fox.get("/tokens").text
    assert first.count("data-row") == PAGE_SIZE
    assert f"program {PAGE_SIZE + 1}<" in first
    (way,) = (link for link in Document(first).links if "before=" in link)
    second = fox.get(way[way.index("/tokens") :]).text
    assert re.findall(r"program (\d+)<br>", second) == ["1", "0"]
    assert "Back to the newest" in second
    assert fox.get("/tokens?before=a%00b").status_code in {200, 400}
    assert "There is no token yet" not in fox.get("/tokens?before=0").text


def test_tokens_are_shown_once_and_taken_away(rig: ConsoleRig, fox: Desk) -> None:
    assert fox.send("/tokens", {"token_name": "deployment", "days": "90"}).status_code == 422
    assert fox.send("/tokens", {"token_name": "deployment", "scopes": "approve", "days": "90"}).status_code == 422
    assert fox.send("/tokens", {"token_name": "deployment", "scopes": "read", "days": "9x"}).status_code == 422
    made = fox.send("/tokens", {"token_name": "deployment", "scopes": "submit", "days": "90"})
    assert made.status_code == 201
    again = fox.send("/tokens", {"token_name": "deployment", "scopes": "submit", "days": "90"})
    assert (again.status_code, "usable token with the name deployment" in again.text) == (409, True), "what a reload sends"
    empty = fox.send("/tokens", {"token_name": "", "days": "0"})
    assert all(f'href="#{field}"' in empty.text for field in ("token_name", "scopes", "days")), "every error at once"
    text = re.search(r"pst_[A-Za-z0-9_-]+", made.text)
    assert text is not None
    page = fox.get("/tokens").text
    assert text.group(0) not in page
    token = re.search(r"tok-[0-9a-f]{32}", page)
    assert token is not None
    assert page.count("tok-") == page.count(token.group(0)), "one token alone"
    way = f"/tokens/{token.group(0)}/revoke"
    assert "Every program that sends it is refused" in fox.get(way).text
    assert fox.send(way).status_code == 422
    assert fox.send(way, {"reason": "exposed"}).status_code == 303
    assert fox.send(way, {"reason": "exposed"}).status_code == 404
    rig.service.integrate()
    log = fox.get("/audit").text
    assert "somebody else may have the token" in log
    assert "Refused: make a token" in log
    assert "Revoked" in fox.get("/tokens").text


def test_the_log_is_filtered_exported_and_verified(rig: ConsoleRig, fox: Desk) -> None:
    serial = issued(rig, fox)
    rig.service.integrate()
    everything = fox.get("/audit").text
    assert "Approved under signature" in everything
    for query, count in (
        ({"action": "approve-request"}, 1),
        ({"object": serial}, 1),
        ({"outcome": "refused"}, 0),
        ({"person": "adm-nobody"}, 0),
    ):
        found = fox.get("/audit", **query).text.count("data-row")
        assert found == count, query
    assert fox.get("/audit", **{"from": "junk"}).status_code == 400
    assert fox.get("/audit", to="2020-01-01").text.count("data-row") == 0
    lines = fox.get("/audit/export").text.splitlines()
    note = fox.get("/audit/checkpoint").text
    key = rig.context.vkey(f"o-{ORG}")
    assert verify_export(lines, note, key).size == len(lines)
    verified = fox.send("/audit/verify")
    assert "The log is what its checkpoint says" in verified.text
    assert key in verified.text.replace("&#43;", "+")
    assert f'<pre class="wrap" id="checkpoint" aria-label="Checkpoint" tabindex="0">{key.partition("+")[0]}\n' in verified.text
    with rig.service.house.database.write(rig.service.clock()) as tx:
        entry = tx.execute(audit.entries.select().where(audit.entries.c.log == f"o-{ORG}").limit(1)).one()
        changed = bytes(entry.entry).replace(b'"done"', b'"gone"')
        tx.execute(audit.entries.update().where(audit.entries.c.sequence == entry.sequence).values(entry=changed))
    assert "The log is not what its checkpoint says" in fox.send("/audit/verify").text


@pytest.mark.parametrize("day", ["9999-12-31", "0000-01-01", "2026-02-30", "yesterday", "2026-11-22T00:00"])
def test_what_is_no_day_of_a_filter_is_said(rig: ConsoleRig, fox: Desk, day: str) -> None:
    for page in ("audit", "certificates"):
        answer = fox.get(f"/{page}?to={day}")
        assert (answer.status_code, "Write a day as 2026-11-22." in answer.text) == (400, True)


def test_settings_show_record_domains_and_policies(rig: ConsoleRig, fox: Desk) -> None:
    page = fox.get("/settings").text
    for words in (
        "Resource Marketing, Inc.",
        "Kentucky",
        "_privyseal-challenge.resource-marketing.test",
        "127.0.0.1:53",
        "tls-server, version 1",
        "90, 365, 397",
    ):
        assert words in page, words


def test_unknown_addresses_lead_nowhere(fox: Desk) -> None:
    for path in ("/requests/x", "/requests/req-1", "/certificates/zz", "/administrators/adm-0", "/nothing"):
        assert fox.get(path).status_code == 404, path
    assert fox.send("/statement", {"content": "{}"}).status_code == 400


def test_statements_of_others_are_not_handed_out(rig: ConsoleRig, fox: Desk, helen: Desk) -> None:
    content = hidden(fox.page_of(rig.submit()).text, "content")
    assert helen.send("/statement", {"content": content}).status_code == 400
    assert fox.send("/statement", {"content": content}).status_code == 200


def test_texts_that_scripts_count_into_have_their_place(rig: ConsoleRig, fox: Desk) -> None:
    rig.submit()
    rig.submit(f"b.{NAME}")
    page = fox.get("/requests").text
    assert 'data-many="%s new requests"' in page
    assert 'data-many="%s chosen"' in page
    assert "{}" not in fox.get().text.replace('data-words="{}"', "")
    assert fox.get("/counts").json() == {"waiting": 2, "held": 0, "failed": 0, "in-work": 0}
    for path in ("/", "/settings", "/certificates"):
        assert 'data-count="waiting">2<' in fox.get(path).text, "each page has what the stream keeps current"


def test_a_time_line_tells_letters_that_left(rig: ConsoleRig, fox: Desk) -> None:
    serial = issued(rig, fox)
    house = rig.service.house
    about = ("certificate", serial)
    with house.database.write(rig.service.clock()) as tx:
        for reason in (
            "certificate-issued to notices.issued",
            "certificate-revoked to notices.revoked",
            "certificate-revoked to notices.revoked, one recipient",
            "certificate-revoked to notices.revoked, one recipient",
            "request-received to notices.pending, nothing to tell any more",
        ):
            record(house, tx, SYSTEM, ORG, AuditEvent("deliver-fact", Outcome.DONE, *about, reason=reason))
    rig.service.integrate()
    page = fox.get(f"/certificates/{serial}").text
    assert page.count("Certificate mailed to the contact") == 1
    assert page.count("Revocation mailed") == 1
    assert "Mail about it sent" not in page
    assert "a request waits" not in page, "that letter never left"


def test_the_first_page_says_when_units_are_used_up(rig: ConsoleRig, helen: Desk) -> None:
    with rig.service.house.database.read(rig.service.clock()) as tx:
        left = units.balance(tx, organizations.require(tx, OTHER).id, UnitTier.STANDARD).available
    for number in range(left):
        helen.approve(rig.submit(f"{number}.hoffman-brandt.test", org=OTHER, contact_email="x@hoffman-brandt.test"))
    page = helen.get().text
    assert "Used up" in page
    assert "Nearly used up" not in page
