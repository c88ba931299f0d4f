"""A page in German has no English sentence, whatever it refuses: forms, roles, signatures, keys, ways that are closed."""

from __future__ import annotations

import html
import re
from functools import cache

import pytest
from cryptography.hazmat.primitives import serialization

from privyseal.model.administrator import Role
from tests.look.catalogues import catalogue, texts
from tests.pages.browsing import ORG, Answer, Browser, PagesRig
from tests.pages.portal.portal_rig import Document
from tests.rigs.hostile_texts import TYPED
from tests.rigs.service import AdministratorRig, make_csr, make_key

GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}
HOME = f"/o/{ORG}/console"
NAME = "www.resource-marketing.test"
LONG_ENOUGH = 18
PLACES = re.compile(r"%\([a-z_]+\)[sd]|\{[^}]*\}|%s")


@cache
def english() -> tuple[str, ...]:
    """Every piece of our English that nobody writes in German: long, with blanks, and in no translation."""
    german = " ".join(str(message.string) for message in catalogue("de"))
    found = set()
    for message in texts():
        for text in (message.id,) if isinstance(message.id, str) else message.id:
            found |= {piece for piece in PLACES.split(text) if len(piece) >= LONG_ENOUGH and piece.count(" ") >= 2 and piece not in german}
    assert len(found) > 800
    return tuple(found)


def require_german(answer: Answer, status: int, *words: str) -> str:
    """The page has this status, these words, and no sentence of ours in English."""
    page = Document(answer.text)
    assert answer.status_code == status, page.text
    assert '<html lang="de"' in answer.text
    assert [piece for piece in english() if piece in page.text] == []
    for word in words:
        assert word in page.text, page.text
    return page.text


@pytest.fixture
def stranger(pages: PagesRig) -> Browser:
    """Somebody at the portal."""
    return Browser(pages, headers=dict(GERMAN))


@pytest.fixture
def desk(pages: PagesRig, mulder: AdministratorRig) -> Browser:
    """A security administrator who reads German."""
    browser = pages.signed_in(mulder)
    browser.headers |= GERMAN
    return browser


def draft_of(stranger: Browser) -> str:
    """The address of a request that has just been begun."""
    answer = stranger.post(f"/o/{ORG}/enroll", {"platform": "nginx"})
    assert answer.status_code == 303
    return str(answer.headers["location"]).removesuffix("/names")


def test_ways_that_are_closed(stranger: Browser) -> None:
    require_german(stranger.get("/o/nobody/"), 404, "Diese Seite gibt es nicht")
    require_german(stranger.post(f"{HOME}/tokens", {"token_name": "x"}), 401, "Sie sind hier nicht angemeldet. Melden Sie sich an")
    require_german(stranger.get(f"/o/{ORG}/sign-in/finish", code="x"), 401, "Diese Anmeldung ist hier unbekannt")
    require_german(
        stranger.post(f"/o/{ORG}/first-credential", {"code": "x" * 52, "label": "x"}), 422, "Der Browser hat keinen Passkey übergeben"
    )
    stranger.headers["Sec-Fetch-Site"] = "cross-site"
    require_german(stranger.post(f"/o/{ORG}/verify", {"server": "x"}), 404)
    require_german(stranger.post("/verify", {"server": "x"}), 403, "Dieses Formular kam nicht von einer Seite dieses Dienstes")


def test_forms_that_no_page_of_ours_sends(stranger: Browser) -> None:
    require_german(stranger.send("POST", "/verify", content=b"x", kind="text/plain"), 400, "Diese Seite nimmt an")
    too_much = b"server=" + b"x" * 2_000_000
    kind = "application/x-www-form-urlencoded"
    require_german(stranger.send("POST", "/verify", content=too_much, kind=kind), 413, "zu groß")
    many = b"&".join(b"a%d=1" % number for number in range(200))
    require_german(stranger.send("POST", "/verify", content=many, kind=kind), 400, "mehr als 100 Felder")
    require_german(stranger.send("POST", "/verify", content=b"a=%ff", kind=kind), 400, "kein Text in UTF-8")
    key = make_key().private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    require_german(stranger.post("/verify", {"certificate": key.decode()}), 422, "Schlüssel")


def test_what_is_verified(stranger: Browser) -> None:
    require_german(stranger.post("/verify", {"certificate": "junk"}), 422, "Das ist kein lesbares Zertifikat")
    require_german(stranger.post("/verify", {"server": "a b"}), 422, "Nennen Sie einen Server")


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ("192.0.2.1", "halten Clients ihn für eine IP-Adresse. Beantragen Sie einen Hostnamen."),
        ("https://www.resource-marketing.test/", "ist die Adresse einer Seite"),
        ("a..b", "hat einen leeren Teil"),
        ("*.test", "verlangt jeden Namen"),
        ("w_w.resource-marketing.test", "enthält einen Unterstrich"),
        ("x" * 80 + ".test", "hat einen Teil mit 80 Zeichen"),
        ("pаypal.resource-marketing.test", "Schrift"),
    ],
)
def test_names(stranger: Browser, names: str, told: str) -> None:
    require_german(stranger.post(f"{draft_of(stranger)}/names", {"names": names}), 422, told)


def test_the_pages_of_somebody_who_asks_for_a_certificate(pages: PagesRig, stranger: Browser, mulder: AdministratorRig) -> None:
    for path in ("", "enroll", "follow", "search", "domains", "sign-in", "lost-card"):
        require_german(stranger.get(f"/o/{ORG}/{path}"), 200)
    for path in ("/", "/verify", "/apply"):
        require_german(stranger.get(path), 200)
    draft = draft_of(stranger)
    require_german(stranger.get(f"{draft}/names"), 200)
    require_german(stranger.follow(f"{draft}/names", {"names": NAME}), 200, "CSR")
    key = make_key()
    require_german(stranger.follow(f"{draft}/csr", {"csr": make_csr([NAME], key)}), 200)
    use = require_german(stranger.get(f"{draft}/use"), 200)
    assert "Tage" in use
    certificate = pages.service.issue(ORG, mulder, [NAME])
    for path in ("", "/install", "/replace", "/revoke"):
        require_german(stranger.get(f"/o/{ORG}/certificates/{certificate.serial_hex}{path}"), 200)
    request = pages.service.submit(ORG, make_csr([f"mail.{NAME}"], make_key()))
    for path in ("", "/withdraw"):
        require_german(stranger.get(f"/o/{ORG}/requests/{request.id}{path}"), 200)


def test_the_pages_of_an_administrator(pages: PagesRig, desk: Browser, mulder: AdministratorRig) -> None:
    certificate = pages.service.issue(ORG, mulder, [NAME])
    pages.service.submit(ORG, make_csr([f"mail.{NAME}"], make_key()))
    ways = ("", "requests", "requests?show=all", "certificates", "administrators", "administrators/invite", "departments", "policies")
    more = ("policies/new", "policies/import", "changes", "changes?show=all", "reviews", "tokens", "tokens/new", "audit", "settings", "kit")
    one = (f"certificates/{certificate.serial_hex}", f"administrators/{mulder.administrator.id}", "sign-on", "sign-on/removal")
    for path in (*ways, *more, *one, f"administrators/{mulder.administrator.id}/approved", f"requests/{certificate.request_id}"):
        require_german(desk.get(f"{HOME}/{path}"), 200)
    for path in ("account", "account/passkey", "account/sign-on"):
        require_german(desk.get(f"/o/{ORG}/{path}"), 200)
    invited = {"full_name": "Dana Scully", "email": "scully@resource-marketing.test"}
    require_german(desk.follow(f"{HOME}/administrators/invite", invited), 200, "Was Sie signieren", "Zu unterschreiben bis")
    require_german(desk.get(f"{HOME}/administrators/invite"), 200, "Sie haben das schon ausgefüllt, aber nicht signiert")


def test_the_pages_of_the_provider(pages: PagesRig, vera: AdministratorRig) -> None:
    desk = pages.signed_in(vera)
    desk.headers |= GERMAN
    ways = ("", "organizations", "organizations/new", f"organizations/{ORG}", f"organizations/{ORG}/vetting", "applications", "orders")
    more = ("prices", "prices/new", "changes", "reviews", "reviews/organizations", "people", "undelivered", "lost-cards")
    for path in (*ways, *more, "authorities", "authorities/issuing/state", "log", "account", f"people/{vera.administrator.id}"):
        require_german(desk.get(f"/provider/{path}"), 200)
    require_german(desk.follow("/provider/prices/new", {"tier": "standard", "amount": "12.50", "currency": "EUR"}), 200, "12,50")
    pause = {"wanted": "pause", "reason": "HSM wird getauscht"}
    require_german(desk.follow("/provider/authorities/issuing/state", pause), 200, "Pausiert: stellt nichts aus")


def test_the_desk_of_an_administrator(pages: PagesRig, desk: Browser) -> None:
    request = pages.service.submit(ORG, make_csr([NAME], make_key()), server_platform="nginx")
    place = f"{HOME}/requests/{request.id}"
    require_german(
        desk.get(place),
        200,
        "liegt unter einer Domäne Ihrer Organisation",
        "über einen TXT-Eintrag der Domäne validiert",
        "1 Einheit (Standard)",
    )
    require_german(desk.post(f"{place}/hold", {"question": ""}), 422, "Das Feld „Rückfrage“ ist leer")
    require_german(desk.post(f"{place}/hold", {"question": "x" * 9_000}), 422, "gespeichert werden höchstens")
    require_german(desk.post(f"{place}/rejection", {"reason": ""}), 422, "Das Feld „Begründung“ ist leer")
    require_german(desk.post(f"{place}/approval", {}, ("signed", b"junk")), 422, "Die Datei ist keine CMS-Signatur")
    require_german(desk.post(f"{HOME}/administrators/invite", {"full_name": "", "email": "x"}), 422, "Das Feld „Name“ ist leer")
    require_german(desk.post(f"{HOME}/administrators/invite", {"full_name": "X", "email": "x"}), 422, "ist keine E-Mail-Adresse")
    require_german(desk.post(f"{HOME}/tokens", {"token_name": "x", "days": "90"}), 422, "brauchen die Signatur eines Menschen")
    require_german(desk.post(f"{HOME}/tokens", {"token_name": "x", "scopes": "read", "days": "0"}), 422, "Ein Token gilt 1 bis")
    assert desk.post(f"{place}/hold", {"question": "Wozu?"}).status_code == 303
    require_german(desk.post(f"{place}/hold", {"question": "Wozu?"}), 409, "zurückgestellt")
    assert desk.post(f"{place}/release").status_code == 303
    require_german(desk.post(f"{place}/release"), 409, "geht so nicht")
    require_german(desk.get(f"{HOME}/audit", **{"from": "x"}), 400)


def test_roles(pages: PagesRig, mulder: AdministratorRig) -> None:
    auditor = pages.signed_in(pages.service.administrator(ORG, "Dana Scully", Role.AUDITOR, by=mulder))
    auditor.headers |= GERMAN
    require_german(auditor.get(f"{HOME}/tokens"), 403, "Keine Ihrer Rollen enthält das Recht: Token verwalten.")
    require_german(auditor.get(f"/o/{ORG}/account"), 200, "Auditor")


def test_the_console_of_the_provider(pages: PagesRig, vera: AdministratorRig) -> None:
    desk = pages.signed_in(vera)
    desk.headers |= GERMAN
    new = {"slug": "a b", "name": "Acme", "country": "US", "state_or_province": "Kentucky", "locality": "Louisville"}
    new |= {"contact_name": "Ada", "contact_email": "ada@acme.test"}
    place = "/provider/organizations/new"
    require_german(desk.post(place, new), 422, "Der Kurzname einer Organisation")
    require_german(desk.post(place, new | {"slug": "acme", "country": "UK"}), 422, "einten Sie „GB“?")
    require_german(desk.post(place, new | {"slug": "acme", "state_or_province": "CA"}), 422)
    require_german(desk.post(place, new | {"slug": ORG}), 422, "gibt es schon")
    require_german(desk.post(f"/provider/organizations/{ORG}/domains", {"domain": "com"}), 422, "Der Name „com“")
    require_german(desk.get("/provider/"), 200, "Der Aussteller antwortet und darf signieren.")


def test_a_session_that_ended(desk: Browser) -> None:
    held = dict(desk.cookies)
    desk.post(f"/o/{ORG}/account/sign-out-everywhere")
    desk.cookies = held
    require_german(desk.get(f"/o/{ORG}/sign-in"), 200, "Sie haben sich überall abgemeldet.")
    require_german(desk.post(f"{HOME}/tokens", {"token_name": "x"}), 401, "Sie haben sich überall abgemeldet. Melden Sie sich an")


@pytest.mark.parametrize("hostile", TYPED.values(), ids=TYPED.keys())
def test_what_somebody_typed_stays_text_in_german(stranger: Browser, hostile: str) -> None:
    answer = stranger.post(f"{draft_of(stranger)}/names", {"names": f"{hostile}@x.test"})
    text = require_german(answer, 422)
    assert "Der Name „" in text
    for piece in ("<script>alert", "<img src=x", "<svg/onload"):
        assert piece not in answer.text
    if set("<>&") & set(hostile):
        assert hostile not in answer.text.replace(html.escape(hostile), "")
