"""Coming in through the organization's own OpenID Connect provider: for reading, by a link that its owner made, and never to decide."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from privyseal.app import discover
from privyseal.engine.guarded_https import HttpsPolicy
from privyseal.engine.token_fetch import FetchPolicy
from privyseal.model.administrator import READING, Permission, Role
from privyseal.model.fact import FactKind
from privyseal.reception.cookies import browser_cookie, session_cookie
from privyseal.reception.site import Access, Method
from privyseal.store import organizations, outbox, sign_ons
from tests.pages.browsing import ORG, OTHER, Answer, Browser, PagesRig, problems, require_refused
from tests.pages.portal.portal_rig import Document
from tests.rigs.openid_provider import CLIENT, SECRET, Lie, OpenIdServer, changed
from tests.rigs.service import AdministratorRig, ServiceRig

sqlite = pytest.mark.parametrize("service", ["sqlite"], indirect=True)
FINISH = f"https://localhost:8443/o/{ORG}/sign-in/provider/finish"
CONSOLE = f"/o/{ORG}/console"
ACCOUNT = f"/o/{ORG}/account"
SESSION = session_cookie(ORG)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenIdServer]:
    with OpenIdServer(tmp_path_factory.mktemp("provider"), redirect_uris=(FINISH, FINISH.replace(ORG, OTHER))) as server:
        yield server


@pytest.fixture
def server(running: OpenIdServer) -> OpenIdServer:
    """The provider, honest until a test says otherwise."""
    running.lie, running.who = Lie(), "fox"
    return running


@pytest.fixture
def pages(service: ServiceRig, server: OpenIdServer) -> PagesRig:
    """The pages of two organizations, which may reach this provider."""
    service.listeners |= {FactKind.SIGN_ON_CHANGED: ("letters",), FactKind.IDENTITY_LINKED: ("letters",)}
    opened = FetchPolicy((server.port,), allowed_networks=(ipaddress.ip_network("127.0.0.0/8"),), timeout_seconds=3.0)
    return PagesRig(service, https_policy=HttpsPolicy(opened, server.anchor_pem))


@pytest.fixture
def fox(pages: PagesRig, mulder: AdministratorRig) -> Browser:
    """The browser of a security administrator, signed in with the Administrator ID."""
    return pages.signed_in(mulder)


def settings_of(server: OpenIdServer, **values: str) -> dict[str, str]:
    return {"issuer": server.issuer, "client_id": CLIENT, "client_secret": SECRET, "claim": "sub", **values}


def set_up(browser: Browser, server: OpenIdServer, org: str = ORG, **values: str) -> Answer:
    return browser.post(f"/o/{org}/console/sign-on", settings_of(server, **values))


def link(browser: Browser, server: OpenIdServer, org: str = ORG) -> Answer:
    """The whole way of linking the own account."""
    page = browser.post(f"/o/{org}/account/sign-on")
    assert page.status_code == 200, page.text
    place = next(found for found in Document(page.text).links if found.startswith(f"{server.issuer}/"))
    return browser.get(at_provider(server, place))


def at_provider(server: OpenIdServer, place: str) -> str:
    """What the provider leads back to, as a path of ours."""
    return server.authorize(place.partition("?")[2]).removeprefix("https://localhost:8443")


def way_back(browser: Browser, server: OpenIdServer, org: str = ORG, way: str = "") -> str:
    """The address that the provider leads this browser back to."""
    sent = browser.get(f"/o/{org}/sign-in/provider", **({"next": way} if way else {}))
    assert sent.status_code == 303, problems(sent)
    return at_provider(server, sent.headers["location"])


def come_in(pages: PagesRig, server: OpenIdServer, way: str = "") -> tuple[Browser, Answer]:
    browser = pages.browser()
    return browser, browser.get(way_back(browser, server, way=way))


@pytest.fixture
def reader(pages: PagesRig, fox: Browser, server: OpenIdServer) -> Browser:
    """The browser of the same person, who came through the provider."""
    assert set_up(fox, server).status_code == 303
    assert link(fox, server).headers["location"] == f"{ACCOUNT}#sign-on-title"
    browser, answer = come_in(pages, server)
    assert answer.status_code == 303, problems(answer)
    return browser


# ------------------------------------------------------------------------------------------------------------ the whole way


def test_who_is_linked_comes_in_and_reads(pages: PagesRig, fox: Browser, server: OpenIdServer) -> None:
    assert "For reading" not in pages.browser().get(f"/o/{ORG}/sign-in").text
    assert set_up(fox, server).headers["location"] == f"{CONSOLE}/sign-on"
    shown = fox.get(f"{CONSOLE}/sign-on").text
    assert FINISH in shown
    assert server.issuer in shown
    assert SECRET not in shown
    assert link(fox, server).status_code == 303
    assert "Linked since" in fox.get(ACCOUNT).text
    assert "For reading" in pages.browser().get(f"/o/{ORG}/sign-in").text
    browser, answer = come_in(pages, server, f"{CONSOLE}/certificates")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{CONSOLE}/certificates")
    assert "Fox Mulder" in browser.get(f"{CONSOLE}/requests").text
    assert browser.get(f"{CONSOLE}/audit").status_code == 200
    assert [(entry["action"], entry["reason"]) for entry in pages.log(ORG) if entry["action"].endswith(("sign-on", "session", "identity"))][
        -3:
    ] == [
        ("set-sign-on", ""),
        ("link-identity", ""),
        ("start-session", "reading"),
    ]
    with pages.service.house.database.read(pages.service.clock()) as tx:
        told = [row.fact for row in tx.execute(sa.select(outbox.outbox.c.fact).order_by(outbox.outbox.c.id))]
    assert [fact for fact in told if fact in {"sign-on-changed", "identity-linked"}] == ["sign-on-changed", "identity-linked"]
    with pages.service.house.database.read(pages.service.clock()) as tx:
        organization_id = organizations.require(tx, ORG).id
        assert len(sign_ons.links_of(tx, organization_id)) == 1
        assert sign_ons.links_of(tx, organization_id, []) == [], "nobody, and not everybody"
    assert not any(SECRET in str(entry) or "sub-of-fox" in str(entry) for entry in pages.log(ORG))
    assert browser.post(f"/o/{ORG}/sign-out").status_code == 303
    assert SESSION not in browser.cookies


@sqlite
def test_every_deciding_page_refuses_a_session_for_reading(pages: PagesRig, reader: Browser) -> None:
    """Every route of the console and of the account that changes something, and none that reads."""
    refused, open_ones = 0, []
    parts = {"org": ORG, "request": f"req-{'0' * 32}", "serial": "5a01", "administrator": f"adm-{'0' * 32}", "token": f"tok-{'0' * 32}"}
    parts |= {"sha256": "ab" * 32, "search": f"sea-{'0' * 32}", "department": f"dep-{'0' * 32}", "assignment": f"asg-{'0' * 32}"}
    before = len(pages.log(ORG))
    for page in (page for site in discover().sites for page in site.pages if page.path.startswith("/o/{org}")):
        if page.access in {Access.ANYBODY, Access.SUBSCRIBER} or page.by_itself:
            continue
        path = page.path.format_map({**dict.fromkeys(_names(page.path), "x"), **parts})
        decides = page.method is Method.POST or page.step_up or (isinstance(page.access, Permission) and page.access not in READING)
        if not decides:
            continue
        if page.reading:
            open_ones.append(page.path.removeprefix("/o/{org}"))
            continue
        answer = reader.post(path, {"a": "b"}) if page.method is Method.POST else reader.get(path)
        if page.method is Method.POST:
            assert answer.status_code == 403, (path, answer.status_code)
            assert "for reading only" in Document(answer.text).text, path
            assert f"/o/{ORG}/sign-in" in answer.text, path
        else:
            assert answer.headers["location"].startswith(f"/o/{ORG}/sign-in?next="), path
        refused += 1
    assert refused > 40
    assert sorted(open_ones) == ["/account/sessions/{session_id}/end", "/account/sign-out-everywhere", "/console/audit/verify", "/sign-out"]
    entries = pages.log(ORG)[before:]
    assert len(entries) == refused
    assert {(entry["outcome"], entry["reason"]) for entry in entries} == {("refused", "reading-only")}


def _names(path: str) -> list[str]:
    return [part.partition("}")[0] for part in path.split("{")[1:]]


def test_from_reading_to_deciding_by_a_credential(pages: PagesRig, reader: Browser, mulder: AdministratorRig) -> None:
    wanted = f"{CONSOLE}/administrators/invite"
    sent = reader.get(wanted)
    page = reader.get(sent.headers["location"])
    assert "You are here for reading only" in page.text
    assert "By" not in page.headers.get("location", "")
    was = reader.cookies[SESSION]
    done = reader.get(reader.finish_address(page, mulder))
    assert (done.status_code, done.headers["location"]) == (303, wanted)
    assert reader.cookies[SESSION] != was
    assert reader.get(wanted).status_code == 200
    assert ("end-session", "done", "replaced") in [(entry["action"], entry["outcome"], entry["reason"]) for entry in pages.log(ORG)]


def test_a_step_up_makes_no_deciding_session(reader: Browser, mulder: AdministratorRig) -> None:
    page = reader.get(f"/o/{ORG}/step-up")
    answer = reader.get(reader.finish_address(page, mulder))
    assert answer.status_code in {401, 403}
    assert "reading only" in Document(answer.text).text
    assert reader.post(f"{CONSOLE}/tokens", {"token_name": "x"}).status_code == 403


def test_the_reading_session_is_short(service: ServiceRig, reader: Browser) -> None:
    for _ in range(3):
        service.clock.advance(timedelta(minutes=19))
        assert reader.get(f"{CONSOLE}/").status_code == 200
    service.clock.advance(timedelta(minutes=4))
    assert reader.get(f"{CONSOLE}/").status_code == 303


# ------------------------------------------------------------------------------------------------------------ links and ends


def test_a_stranger_of_the_provider_is_nobody_here(pages: PagesRig, reader: Browser, server: OpenIdServer) -> None:
    server.who = "walter"
    browser, answer = come_in(pages, server)
    require_refused(answer, 401, "", "nobody here is linked")
    assert SESSION not in browser.cookies
    assert pages.last(ORG) == ("sign-in", "refused", "sign-on-unlinked")
    assert reader.get(f"{CONSOLE}/").status_code == 200


def test_the_mail_address_links_nobody(pages: PagesRig, fox: Browser, server: OpenIdServer, mulder: AdministratorRig) -> None:
    set_up(fox, server)
    server.lie = Lie(token=lambda found: found | {"email": mulder.administrator.email, "email_verified": True})
    browser, answer = come_in(pages, server)
    require_refused(answer, 401, "", "nobody here is linked")
    assert SESSION not in browser.cookies


def test_an_account_is_linked_with_one_person(pages: PagesRig, reader: Browser, server: OpenIdServer, mulder: AdministratorRig) -> None:
    dana = pages.signed_in(pages.service.administrator(ORG, "Dana Scully", by=mulder))
    answer = link(dana, server)
    assert answer.status_code == 409
    assert "linked with another administrator" in answer.text
    assert "Not linked" in dana.get(ACCOUNT).text
    server.who = "dana"
    assert link(dana, server).status_code == 303
    assert link(dana, server).status_code == 303, "a second time is the first one"
    assert reader.get(f"{CONSOLE}/").status_code == 200


def test_whoever_ends_the_link_ends_the_session(pages: PagesRig, fox: Browser, reader: Browser) -> None:
    assert reader.post(f"{ACCOUNT}/sign-on/end").status_code == 403
    assert fox.post(f"{ACCOUNT}/sign-on/end").status_code == 303
    gone = reader.get(f"{CONSOLE}/")
    assert gone.status_code == 303
    assert "no longer linked" in reader.get(gone.headers["location"]).text
    assert fox.get(ACCOUNT).status_code == 200
    assert pages.last(ORG) == ("end-session", "done", "link-ended")


@pytest.mark.parametrize("end", ["removed", "another provider", "unlinked by a colleague", "person removed"])
def test_a_session_ends_with_what_it_came_by(
    end: str, pages: PagesRig, fox: Browser, reader: Browser, server: OpenIdServer, mulder: AdministratorRig
) -> None:
    service = pages.service
    if end == "removed":
        assert fox.post(f"{CONSOLE}/sign-on/removal").status_code == 303
    elif end == "another provider":
        assert set_up(fox, server, client_id="another").status_code == 303
    else:
        dana = service.administrator(ORG, "Dana Scully", by=mulder)
        if end == "person removed":
            service.remove(mulder, by=dana)
        else:
            assert pages.signed_in(dana).post(f"{CONSOLE}/administrators/{mulder.administrator.id}/unlinked").status_code == 303
    assert reader.get(f"{CONSOLE}/").status_code == 303
    again = pages.browser()
    found = again.get(f"/o/{ORG}/sign-in/provider")
    if end == "removed":
        require_refused(found, 404, "", "no sign-on of its own")
    elif end != "another provider":
        require_refused(again.get(at_provider(server, found.headers["location"])), 401, "", "nobody here is linked")


def test_a_new_secret_keeps_the_links(fox: Browser, reader: Browser, server: OpenIdServer, pages: PagesRig) -> None:
    assert set_up(fox, server, client_secret="another").status_code == 303
    assert reader.get(f"{CONSOLE}/").status_code == 200
    assert set_up(fox, server, client_secret="").status_code == 303
    with pages.service.house.database.read(pages.service.clock()) as tx:
        rows = tx.execute(sign_ons.sign_ons.select().order_by(sign_ons.sign_ons.c.id)).all()
    assert [(row.client_secret, row.ended_at is None) for row in rows] == [("", False), ("another", True)], "the first is forgotten"


# -------------------------------------------------------------------------------------------------- who may set it, and to what


def test_others_may_not_set_it(pages: PagesRig, server: OpenIdServer) -> None:
    walter = pages.signed_in(pages.service.administrator(ORG, "Walter Skinner", Role.CERTIFICATE_ADMINISTRATOR))
    assert set_up(walter, server).status_code == 403
    brandt = pages.signed_in(pages.service.administrator(OTHER, "Helen Brandt"))
    assert set_up(brandt, server).status_code == 401
    assert brandt.get(f"/o/{OTHER}/console/sign-on").status_code == 200
    assert set_up(brandt, server, OTHER).status_code == 303


def test_it_asks_for_the_credential_again(pages: PagesRig, fox: Browser, server: OpenIdServer) -> None:
    pages.service.clock.advance(timedelta(minutes=6))
    answer = set_up(fox, server)
    assert answer.status_code == 403
    assert "Show your credential again" in answer.text
    assert SECRET not in answer.text
    assert fox.post(f"{ACCOUNT}/sign-on").status_code == 403


@sqlite
@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"issuer": "http://127.0.0.1/"}, "issuer", "https://"),
        ({"issuer": "https://169.254.169.254"}, "issuer", "not to port"),
        ({"issuer": "x"}, "issuer", "https://"),
        ({"issuer": ""}, "issuer", "Give the issuer"),
        ({"client_id": ""}, "client_id", "client id"),
        ({"claim": "email"}, "claim", "says nothing certain"),
        ({"client_secret": "a b"}, "client_secret", "no spaces"),
    ],
)
def test_what_is_no_provider_is_not_set(fox: Browser, server: OpenIdServer, values: dict[str, str], field: str, words: str) -> None:
    require_refused(set_up(fox, server, **values), 422, field, words)
    assert "Not set up" in fox.get(f"{CONSOLE}/sign-on").text


@sqlite
def test_a_provider_that_is_away_is_not_set(fox: Browser, server: OpenIdServer) -> None:
    server.lie = Lie(status={"/.well-known/openid-configuration": 503})
    answer = set_up(fox, server)
    require_refused(answer, 503, "issuer", "Try again later")
    assert answer.headers["retry-after"]
    assert SECRET not in answer.text


# ------------------------------------------------------------------------------------------------------- the other party's tricks


def test_an_answer_counts_once(pages: PagesRig, reader: Browser, server: OpenIdServer) -> None:
    browser = pages.browser()
    place = way_back(browser, server)
    token = browser.cookies[browser_cookie(ORG)]
    assert browser.get(place).status_code == 303
    browser.cookies[browser_cookie(ORG)] = token
    browser.cookies.pop(SESSION)
    require_refused(browser.get(place), 401, "", "used already")
    assert reader.get(f"{CONSOLE}/").status_code == 200


def test_of_two_at_once_one_comes_in(pages: PagesRig, reader: Browser, server: OpenIdServer) -> None:
    assert reader.cookies
    browser = pages.browser()
    place = way_back(browser, server)
    twins = [Browser(pages, dict(browser.cookies)) for _ in range(2)]
    found: list[int] = []
    threads = [threading.Thread(target=lambda twin=twin: found.append(twin.get(place).status_code)) for twin in twins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [303, 401]


@sqlite
def test_an_answer_belongs_to_the_browser_that_asked(pages: PagesRig, reader: Browser, server: OpenIdServer) -> None:
    """Login CSRF: a thief's own answer, pushed into somebody's browser, and somebody's answer in the thief's."""
    assert reader.cookies
    thief, victim = pages.browser(), pages.browser()
    place = way_back(thief, server)
    require_refused(victim.get(place), 401, "", "unknown here")
    assert SESSION not in victim.cookies
    way_back(victim, server)
    require_refused(victim.get(way_back(thief, server)), 401, "", "unknown here")
    for browser in (thief, victim):
        assert SESSION not in browser.cookies


@sqlite
@pytest.mark.parametrize(
    ("values", "status", "words"),
    [
        ({"state": None}, 401, "unknown here"),
        ({"state": "x"}, 401, "unknown here"),
        ({"state": "\0"}, 401, "unknown here"),
        ({"code": None}, 400, "only for the way back"),
        ({"code": "x" * 5000}, 400, "only for the way back"),
        ({"code": "made up"}, 401, "does not take its own code"),
        ({"iss": "https://evil.test"}, 401, "another issuer"),
        ({"error": "access_denied"}, 401, "did not let you in"),
        ({"error": "<script>alert(1)</script>"}, 401, "answered with an error"),
    ],
)
def test_an_answer_that_was_changed_lets_nobody_in(
    pages: PagesRig, reader: Browser, server: OpenIdServer, values: dict[str, str | None], status: int, words: str
) -> None:
    assert reader.cookies
    browser = pages.browser()
    answer = browser.get(changed(way_back(browser, server), **values))
    require_refused(answer, status, "", words)
    assert SESSION not in browser.cookies
    assert "<script>alert" not in answer.text
    assert pages.last(ORG)[:2] == ("sign-in", "refused")


@sqlite
def test_a_part_that_is_there_twice_lets_nobody_in(pages: PagesRig, reader: Browser, server: OpenIdServer) -> None:
    assert reader.cookies
    browser = pages.browser()
    place = way_back(browser, server)
    require_refused(browser.get(f"{place}&{urlencode({'state': 'x'})}"), 400, "", "there twice")


@sqlite
def test_an_answer_counts_for_ten_minutes(pages: PagesRig, reader: Browser, server: OpenIdServer) -> None:
    assert reader.cookies
    browser = pages.browser()
    place = way_back(browser, server)
    pages.service.clock.advance(timedelta(minutes=11))
    require_refused(browser.get(place), 401, "", "longer than ten minutes")


@sqlite
def test_an_answer_for_one_organization_is_none_for_another(pages: PagesRig, reader: Browser, server: OpenIdServer) -> None:
    assert reader.cookies
    set_up(pages.signed_in(pages.service.administrator(OTHER, "Helen Brandt")), server, OTHER)
    browser = pages.browser()
    place = way_back(browser, server)
    browser.get(f"/o/{OTHER}/sign-in")
    browser.cookies[browser_cookie(OTHER)] = browser.cookies[browser_cookie(ORG)]
    require_refused(browser.get(place.replace(ORG, OTHER)), 401, "", "unknown here")
    theirs = browser.get(way_back(browser, server, OTHER))
    require_refused(theirs, 401, "", "nobody here is linked")


@sqlite
def test_settings_that_changed_meanwhile_end_the_way(pages: PagesRig, fox: Browser, reader: Browser, server: OpenIdServer) -> None:
    assert reader.cookies
    browser = pages.browser()
    place = way_back(browser, server)
    set_up(fox, server, client_secret="another")
    require_refused(browser.get(place), 401, "", "changed meanwhile")


@sqlite
def test_a_link_is_finished_by_the_session_that_began_it(
    pages: PagesRig, fox: Browser, server: OpenIdServer, mulder: AdministratorRig
) -> None:
    set_up(fox, server)
    page = fox.post(f"{ACCOUNT}/sign-on")
    place = at_provider(server, next(found for found in Document(page.text).links if found.startswith(server.issuer)))
    fox.post(f"/o/{ORG}/sign-out")
    answer = Browser(pages, dict(fox.cookies)).get(place)
    require_refused(answer, 401, "", "Your session ended")
    fox.sign_in(mulder)
    page = fox.post(f"{ACCOUNT}/sign-on")
    place = at_provider(server, next(found for found in Document(page.text).links if found.startswith(server.issuer)))
    keep = fox.cookies[browser_cookie(ORG)]
    dana = pages.signed_in(pages.service.administrator(ORG, "Dana Scully", by=mulder))
    dana.cookies[browser_cookie(ORG)] = keep
    answer = dana.get(place)
    assert answer.status_code == 403
    assert "begun by somebody else" in answer.text
    assert "Not linked" in dana.get(ACCOUNT).text


@sqlite
def test_a_provider_that_lies_lets_nobody_in(pages: PagesRig, reader: Browser, server: OpenIdServer) -> None:
    """All lies are in tests/engine/test_openid.py; here is what a person sees of one, and what the log keeps."""
    assert reader.cookies
    server.lie = Lie(head={"alg": "none"}, sign=lambda _: b"")
    browser, answer = come_in(pages, server)
    require_refused(answer, 401, "", "not signed by an algorithm")
    assert SESSION not in browser.cookies
    assert pages.last(ORG) == ("sign-in", "refused", "sign-on-token")
    server.lie = Lie(status={"/token": 502})
    _, answer = come_in(pages, server)
    require_refused(answer, 503, "", "Try again later")
    server.lie = Lie(status={"/.well-known/openid-configuration": 502})
    require_refused(pages.browser().get(f"/o/{ORG}/sign-in/provider"), 503, "", "Try again later")
    assert pages.browser().get(f"/o/{ORG}/sign-in").status_code == 200, "credentials work whatever the provider does"


@sqlite
def test_who_is_in_with_a_credential_stays_so(fox: Browser, reader: Browser) -> None:
    assert reader.cookies
    was = fox.cookies[SESSION]
    assert fox.get(f"/o/{ORG}/sign-in/provider").headers["location"] == f"{CONSOLE}/"
    assert fox.cookies[SESSION] == was


@sqlite
def test_the_way_there_leads_back_to_our_pages_alone(pages: PagesRig, reader: Browser, server: OpenIdServer) -> None:
    assert reader.cookies
    for wanted in ("https://evil.test/", f"/o/{OTHER}/console/", "//evil.test"):
        _, answer = come_in(pages, server, wanted)
        assert answer.headers["location"] == f"{CONSOLE}/"


@sqlite
def test_the_secret_and_the_person_are_nowhere_else(pages: PagesRig, reader: Browser) -> None:
    """The settings hold the secret once; of a person of the provider there is a salted hash."""
    assert reader.cookies
    database = b"".join(path.read_bytes() for path in pages.service.settings.data.glob("privyseal.sqlite3*"))
    assert SECRET.encode() in database
    assert b"sub-of-fox" not in database
