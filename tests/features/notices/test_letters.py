"""What each letter says and to whom: the lines that its reader needs."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from privyseal.actions.house import House
from privyseal.engine.phrases import code_hash
from privyseal.features import MailSettings
from privyseal.features.notices import LISTENS, NOTICES, listeners
from privyseal.features.notices.letters import check_lines
from privyseal.model.administrator import Administrator, AdministratorState, Credential, Role
from privyseal.model.certificate import Certificate
from privyseal.model.errors import Refused
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import AdministratorId, CredentialId, OrganizationId, QuestionId, SignOnId
from privyseal.model.profile import NameKind
from privyseal.model.question import Question
from privyseal.model.request import RequestState
from privyseal.model.revocation import RevocationReason
from privyseal.model.sign_on import SignOn, SignOnSettings
from privyseal.store import administrators, certificates, organizations, questions, sign_ons
from tests.features.notices.household import (
    ACME,
    CODE,
    DANA,
    ERIN,
    FRED,
    NOW,
    add_certificate,
    add_request,
    fact,
    invite,
    to_directory,
    waiting_copies,
)

ENCODING = Encoding.DER


def attached(part_of: EmailMessage) -> bytes:
    content = part_of.get_content()
    assert isinstance(content, bytes)
    return content


class Office:
    """Hears facts with the wing's own listeners and reads what lands in the Maildir."""

    def __init__(self, house: House, folder: Path) -> None:
        self._listeners = listeners(house, to_directory(folder / "mail"))
        self._new = folder / "mail" / "new"

    def hear(self, kind: FactKind, listener: str, number: int = 1, **payload: object) -> list[EmailMessage]:
        row = fact(kind, listener, number, **payload)
        for read in self._files():
            read.unlink()
        told = self._listeners[listener](row, row.id)
        messages = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in self._files()]
        # Who addresses letters to several has done something; one letter tells truly whether it left.
        assert told == bool(messages) or (told and "recipient" not in payload)
        return messages

    def letter(self, kind: FactKind, listener: str, number: int = 1, **payload: object) -> EmailMessage:
        (message,) = self.hear(kind, listener, number, **payload)
        return message

    def _files(self) -> list[Path]:
        return sorted(self._new.glob("*")) if self._new.exists() else []


@pytest.fixture
def office(house: House, tmp_path: Path) -> Office:
    return Office(house, tmp_path)


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def text_of(message: EmailMessage) -> str:
    return part(message, "plain")


def assert_lines(message: EmailMessage, *lines: str) -> None:
    """Every line stands in the text by itself, and its words in the HTML as well."""
    text = text_of(message)
    for line in lines:
        assert line in text.splitlines(), text


def test_received_with_a_code_asks_to_confirm_and_quotes_nobody(house: House, office: Office) -> None:
    add_request(house, state=RequestState.UNCONFIRMED)
    letter = office.letter(FactKind.REQUEST_RECEIVED, "notices.received", code=CODE)
    assert letter["To"] == "carol@acme.test"
    assert letter["Subject"] == "www.acme.test: confirm your request by 29 November 2026"
    assert_lines(
        letter,
        f"  https://privyseal.test/o/acme/confirm/req-1?code={CODE}",
        f"  seal request confirm req-1 --organization acme --service https://privyseal.test -- {CODE}",
        "Names         www.acme.test",
        "              acme.test",
        "Questions: it@acme.test",
    )
    html = part(letter, "html")
    assert f'<a href="https://privyseal.test/o/acme/confirm/req-1?code={CODE}">' in html
    assert html.count("<a ") == 1
    # Nobody has vouched for this address yet: it gets no text that somebody typed.
    for form in (text_of(letter), html):
        assert "Carol" not in form
        assert "shop" not in form


def test_received_without_a_code_says_who_is_next(house: House, office: Office) -> None:
    add_request(house)
    letter = office.letter(FactKind.REQUEST_RECEIVED, "notices.received")
    assert letter["Subject"] == "www.acme.test: request received on 22 November 2026"
    assert_lines(letter, "  seal request status req-1 --organization acme --service https://privyseal.test")
    assert "An administrator of Acme & Söhne <Rockets> decides about it next." in text_of(letter)
    assert_lines(letter, "  https://privyseal.test/o/acme/requests/req-1")
    assert '<a href="https://privyseal.test/o/acme/requests/req-1">' in part(letter, "html")


def test_a_confirmed_request_is_not_asked_to_confirm_again(house: House, office: Office) -> None:
    add_request(house)
    assert office.hear(FactKind.REQUEST_RECEIVED, "notices.received", code=CODE) == []


def test_pending_goes_to_each_administrator_who_may_approve(house: House, office: Office) -> None:
    add_request(house)
    row = fact(FactKind.REQUEST_CONFIRMED, "notices.pending")
    assert office.hear(FactKind.REQUEST_CONFIRMED, "notices.pending") == []
    copies = waiting_copies(house.database)
    assert {copy.payload["recipient"] for copy in copies} == {DANA, ERIN}
    # Heard twice, it writes no second set, and no copy holds an address.
    office.hear(FactKind.REQUEST_CONFIRMED, "notices.pending")
    assert waiting_copies(house.database) == copies
    assert all(copy.id.startswith(f"{row.id}-") and copy.listener == "notices.pending" for copy in copies)
    assert "@" not in str([copy.payload for copy in copies])

    letter = office.letter(FactKind.REQUEST_CONFIRMED, "notices.pending", recipient=DANA)
    assert letter["To"] == "dana@acme.test"
    assert letter["Subject"] == "www.acme.test waits for approval at Acme & Söhne <Rockets> since 22 November 2026"
    assert_lines(
        letter,
        "  seal request show req-1",
        "  seal request approve req-1",
        "Servers       www.acme.test",
        "              lb7.internal:8443",
        "Contact       Carol Coe, carol@acme.test",
        "Comment       for the shop",
        "Note: www.acme.test already has a valid certificate, serial number 0102.",
    )


def test_a_decided_request_and_a_removed_administrator_are_not_bothered(house: House, office: Office) -> None:
    add_request(house, 1, RequestState.APPROVED)
    add_request(house, 2, RequestState.PENDING)
    with house.database.write(NOW) as tx:
        administrators.change_state(tx, ERIN, AdministratorState.ACTIVE, AdministratorState.REMOVED)
    assert office.hear(FactKind.REQUEST_CONFIRMED, "notices.pending", 1, recipient=DANA) == []
    assert office.hear(FactKind.REQUEST_CONFIRMED, "notices.pending", 2, recipient=ERIN) == []


def test_rejected_gives_the_reason(house: House, office: Office) -> None:
    add_request(house, state=RequestState.REJECTED, state_reason="The shop moves next week.")
    letter = office.letter(FactKind.REQUEST_REJECTED, "notices.rejected")
    assert letter["Subject"] == "www.acme.test: request rejected on 22 November 2026"
    assert_lines(letter, "Reason: The shop moves next week.", "  https://privyseal.test/o/acme/enroll")


def test_withdrawn_says_who_to_tell(house: House, office: Office) -> None:
    add_request(house, state=RequestState.WITHDRAWN)
    letter = office.letter(FactKind.REQUEST_WITHDRAWN, "notices.withdrawn")
    assert letter["Subject"] == "www.acme.test: request withdrawn on 22 November 2026"
    assert "tell it@acme.test." in text_of(letter)


def test_failed_goes_to_administrators_and_needs_no_organization_in_the_fact(house: House, office: Office) -> None:
    add_request(house, state=RequestState.FAILED, state_reason="There is no standard unit left.")
    row = replace(fact(FactKind.REQUEST_FAILED, "notices.failed"), payload={"request": "req-1"})
    listeners(house, to_directory(Path("unused")))["notices.failed"](row, row.id)
    assert {copy.payload["recipient"] for copy in waiting_copies(house.database)} == {DANA, ERIN}
    letter = office.letter(FactKind.REQUEST_FAILED, "notices.failed", recipient=ERIN)
    assert letter["Subject"] == "www.acme.test: approved, but not issued on 22 November 2026 - decide again"
    assert_lines(letter, "Reason: There is no standard unit left.", "  seal request approve req-1")
    add_request(house, 2, RequestState.ISSUED)
    assert office.hear(FactKind.REQUEST_FAILED, "notices.failed", 2, recipient=ERIN) == []


def test_issued_brings_the_chain_and_says_how_to_install_and_check(house: House, office: Office) -> None:
    certificate, _ = add_certificate(house, add_request(house, state=RequestState.ISSUED))
    letter = office.letter(FactKind.CERTIFICATE_ISSUED, "notices.issued")
    assert letter["To"] == "carol@acme.test"
    assert letter["Subject"] == "www.acme.test: certificate issued on 22 November 2026, valid until 22 November 2027 - install it"
    pem, p7b = letter.iter_attachments()
    assert (pem.get_filename(), p7b.get_filename()) == ("www.acme.test.pem", "www.acme.test.p7b")
    chain = x509.load_pem_x509_certificates(attached(pem))
    assert [one.public_bytes(ENCODING) for one in chain] == [certificate.der, *house.issuing.chain]
    bundle = {one.public_bytes(ENCODING) for one in pkcs7.load_der_pkcs7_certificates(attached(p7b))}
    assert bundle == {certificate.der, *house.issuing.chain, house.issuing.root}
    assert_lines(
        letter,
        f"Serial number {certificate.serial_hex}",
        "     ssl_certificate /etc/nginx/tls/www.acme.test.pem;",
        "     ssl_certificate_key /etc/nginx/tls/www.acme.test.key;",
        "     nginx -t && systemctl reload nginx",
        "  https://privyseal.test/o/acme/requests/req-1",
        "  seal certificate get req-1 --form root --out root.pem --organization acme --service https://privyseal.test",
        "  seal certificate check www.acme.test --root root.pem --expect www.acme.test.pem",
        "  seal certificate check lb7.internal:8443 --name www.acme.test --root root.pem --expect www.acme.test.pem",
        "  seal certificate get req-1 --organization acme --service https://privyseal.test",
    )
    text = text_of(letter)
    assert "APACHE" not in text, "the page of the request has the steps for other servers"
    assert "nobody else has it" in text
    # The text alone is enough: every line to copy that the HTML has stands in it.
    lines = [line for block in re.findall(r"<pre>(.*?)</pre>", part(letter, "html"), re.DOTALL) for line in block.strip().splitlines()]
    assert len(lines) > 10
    for line in lines:
        assert line.replace("&amp;", "&").strip() in text


def test_an_apache_user_reads_about_apache(house: House, office: Office) -> None:
    add_certificate(house, add_request(house, state=RequestState.ISSUED, server_platform="Apache httpd 2.4"))
    text = text_of(office.letter(FactKind.CERTIFICATE_ISSUED, "notices.issued"))
    assert "INSTALL ON APACHE" in text
    assert "SSLCertificateFile /etc/apache2/tls/www.acme.test.pem" in text
    assert "INSTALL ON NGINX" not in text


@pytest.mark.parametrize("reason", RevocationReason)
def test_revoked_says_why_and_what_to_do(house: House, office: Office, reason: RevocationReason) -> None:
    certificate, _ = add_certificate(house, add_request(house, state=RequestState.ISSUED))
    with house.database.write(NOW) as tx:
        certificates.mark_revoked(tx, certificate.id, reason.code)
    office.hear(FactKind.CERTIFICATE_REVOKED, "notices.revoked")
    assert {copy.payload["recipient"] for copy in waiting_copies(house.database)} == {"contact", DANA, ERIN}
    letter = office.letter(FactKind.CERTIFICATE_REVOKED, "notices.revoked", recipient="contact")
    assert letter["To"] == "carol@acme.test"
    assert str(letter["Subject"]).startswith("www.acme.test: certificate revoked on 22 November 2026 (")
    again = f"  seal certificate reissue {certificate.serial_hex} NEW.csr --organization acme --service https://privyseal.test"
    page = f"  https://privyseal.test/o/acme/certificates/{certificate.serial_hex}/replace"
    assert {again in text_of(letter).splitlines(), page in text_of(letter).splitlines()} == {
        reason is not RevocationReason.CESSATION_OF_OPERATION
    }
    if reason is RevocationReason.KEY_COMPROMISE:
        assert "Take its private key out of use everywhere, now." in text_of(letter)
    assert "until 22 December 2026" in text_of(letter) or reason is RevocationReason.CESSATION_OF_OPERATION


def test_a_certificate_that_is_not_revoked_gets_no_such_letter(house: House, office: Office) -> None:
    add_certificate(house, add_request(house, state=RequestState.ISSUED))
    assert office.hear(FactKind.CERTIFICATE_REVOKED, "notices.revoked", recipient="contact") == []


def newcomer(organization_id: OrganizationId | None = ACME, role: Role = Role.CERTIFICATE_ADMINISTRATOR) -> Administrator:
    return Administrator(AdministratorId("adm-new"), organization_id, "Gail Goe", "gail@acme.test", role, AdministratorState.INVITED, NOW)


def test_an_invitation_carries_the_one_time_line_and_link(house: House, office: Office) -> None:
    invite(house, newcomer())
    letter = office.letter(FactKind.ADMINISTRATOR_INVITED, "notices.invitation", administrator="adm-new", code=CODE)
    assert letter["To"] == "gail@acme.test"
    assert letter["Subject"] == "Acme & Söhne <Rockets>: make your administrator's credential by 22 November 2026, 15:05 UTC"
    assert_lines(letter, f"  seal administrator enroll --service https://privyseal.test -- {CODE}", "Hello Gail Goe,")
    assert_lines(letter, f"  https://privyseal.test/o/acme/first-credential?code={CODE}")


def test_a_used_invitation_is_not_sent_any_more(house: House, office: Office) -> None:
    invite(house, newcomer())
    with house.database.write(NOW) as tx:
        link = administrators.invitation_of_code(tx, code_hash(CODE))
        assert link is not None
        assert administrators.use_invitation(tx, link.id, "00" * 32)
    assert office.hear(FactKind.ADMINISTRATOR_INVITED, "notices.invitation", administrator="adm-new", code=CODE) == []


def test_the_provider_invites_its_own_people_too(house: House, office: Office) -> None:
    invite(house, newcomer(None, Role.PROVIDER_ADMINISTRATOR))
    letter = office.letter(FactKind.ADMINISTRATOR_INVITED, "notices.invitation", organization="", administrator="adm-new", code=CODE)
    assert str(letter["Subject"]).startswith("the provider: make your administrator's credential")
    assert_lines(letter, "Questions: certificates@privyseal.test", f"  https://privyseal.test/provider/first-credential?code={CODE}")
    digest = "ab" * 32
    office.hear(
        FactKind.CREDENTIAL_ADDED, "notices.credential-added", 2, organization="", administrator="adm-new", certificate_sha256=digest
    )
    assert {copy.payload["recipient"] for copy in waiting_copies(house.database)} == {"adm-new"}


def test_a_new_administrator_id_is_told_to_everybody(house: House, office: Office) -> None:
    digest = "ab" * 32
    payload: dict[str, str] = {"administrator": DANA, "certificate_sha256": digest}
    office.hear(FactKind.CREDENTIAL_ADDED, "notices.credential-added", 1, **payload)
    assert {copy.payload["recipient"] for copy in waiting_copies(house.database)} == {"organization", DANA, ERIN, FRED}
    letter = office.letter(FactKind.CREDENTIAL_ADDED, "notices.credential-added", 1, recipient="organization", **payload)
    assert letter["To"] == "it@acme.test"
    assert letter["Subject"] == "Acme & Söhne <Rockets>: new Administrator ID of Dana Doe since 22 November 2026, 14:05 UTC"
    assert_lines(letter, f"SHA-256       {':'.join(['AB'] * 32)}", f"  seal administrator revoke {DANA} {digest}")


def sign_on_of(house: House) -> SignOnId:
    """Settings that an administrator set, with a secret."""
    sign_on = SignOn(SignOnId("sgn-1"), ACME, SignOnSettings("https://login.acme.test/<a>", "client-7", "the-secret", "sub"), NOW, DANA)
    with house.database.write(NOW) as tx:
        sign_ons.insert(tx, sign_on)
    return sign_on.id


@pytest.mark.parametrize("verb", ["set", "removed"])
def test_an_own_sign_on_is_told_to_security_administrators_and_the_contact(house: House, office: Office, verb: str) -> None:
    payload: dict[str, object] = {"sign_on": sign_on_of(house), "by": DANA, "is_set": verb == "set", "ended": 3}
    office.hear(FactKind.SIGN_ON_CHANGED, "notices.sign-on-changed", 1, **payload)
    assert {copy.payload["recipient"] for copy in waiting_copies(house.database)} == {"organization", DANA}
    letter = office.letter(FactKind.SIGN_ON_CHANGED, "notices.sign-on-changed", 1, recipient="organization", **payload)
    assert letter["To"] == "it@acme.test"
    assert letter["Subject"] == f"Acme & Söhne <Rockets>: its own sign-on was {verb} at 22 November 2026, 14:05 UTC"
    assert_lines(letter, "Issuer        https://login.acme.test/<a>", "Client id     client-7", "Links ended   3")
    words = " ".join(text_of(letter).split())
    assert f"Dana Doe {verb} the OpenID Connect provider" in words
    assert ("seal sign-on remove" in words) is (verb == "set")
    assert "https://privyseal.test/o/acme/console/sign-on" in words
    for form in (text_of(letter), part(letter, "html")):
        assert "the-secret" not in form
    assert "<a>" not in part(letter, "html")


def test_a_linked_account_is_told_to_its_person_too(house: House, office: Office) -> None:
    payload: dict[str, object] = {"sign_on": sign_on_of(house), "administrator": FRED}
    office.hear(FactKind.IDENTITY_LINKED, "notices.identity-linked", 1, **payload)
    assert {copy.payload["recipient"] for copy in waiting_copies(house.database)} == {"organization", DANA, FRED}
    letter = office.letter(FactKind.IDENTITY_LINKED, "notices.identity-linked", 1, recipient=FRED, **payload)
    assert letter["To"] == "fred@acme.test"
    assert letter["Subject"] == "Acme & Söhne <Rockets>: an account of its own sign-on reads as Fred Poe since 22 November 2026, 14:05 UTC"
    assert_lines(letter, f"  seal sign-on unlink {FRED}", "Provider      https://login.acme.test/<a>")
    assert f"https://privyseal.test/o/acme/console/administrators/{FRED}" in text_of(letter)


def test_a_new_passkey_is_told_to_everybody(house: House, office: Office) -> None:
    payload: dict[str, str] = {"administrator": DANA, "certificate_sha256": "ab" * 32, "credential": "passkey"}
    office.hear(FactKind.CREDENTIAL_ADDED, "notices.credential-added", 1, **payload)
    assert {copy.payload["recipient"] for copy in waiting_copies(house.database)} == {"organization", DANA, ERIN, FRED}
    letter = office.letter(FactKind.CREDENTIAL_ADDED, "notices.credential-added", 1, recipient="organization", **payload)
    assert letter["Subject"] == "Acme & Söhne <Rockets>: new passkey of Dana Doe since 22 November 2026, 14:05 UTC"
    assert_lines(letter, f"  seal administrator revoke {DANA} {'ab' * 32}")


def test_a_revoked_credential_is_told_to_everybody_with_who_and_what_now(house: House, office: Office) -> None:
    payload: dict[str, str] = {"administrator": DANA, "certificate_sha256": "ab" * 32, "reason": "keyCompromise", "by": ERIN}
    office.hear(FactKind.CREDENTIAL_REVOKED, "notices.credential-revoked", 1, **payload)
    assert {copy.payload["recipient"] for copy in waiting_copies(house.database)} == {"organization", DANA, ERIN, FRED}
    letter = office.letter(FactKind.CREDENTIAL_REVOKED, "notices.credential-revoked", 1, recipient="organization", **payload)
    assert letter["Subject"] == "Acme & Söhne <Rockets>: Administrator ID of Dana Doe revoked on 22 November 2026"
    assert_lines(letter, f"SHA-256       {':'.join(['AB'] * 32)}")
    told = letter.get_body(("plain",))
    assert told is not None
    words = " ".join(told.get_content().split())
    assert "was revoked by Erin" in words
    assert "has no other credential and can decide nothing" in words
    assert f"/console/administrators/{DANA}" in words
    office_of_the_provider = {**payload, "by": "operator"}
    letter = office.letter(FactKind.CREDENTIAL_REVOKED, "notices.credential-revoked", 2, recipient="organization", **office_of_the_provider)
    told = letter.get_body(("plain",))
    assert told is not None
    assert "was revoked by the provider" in " ".join(told.get_content().split())


def test_the_owner_of_a_credential_that_ends_soon_is_told_how_to_renew(house: House, office: Office) -> None:
    with house.database.write(house.clock()) as tx:
        end = house.clock() + timedelta(days=29)
        administrators.insert_credential(tx, Credential(CredentialId("cre-ending"), AdministratorId(DANA), b"", "cd" * 32, end, None))
    letter = office.letter(FactKind.CREDENTIAL_ENDING, "notices.credential-ending", 1, administrator=DANA, certificate_sha256="cd" * 32)
    assert letter["Subject"].startswith("Your Administrator ID for Acme & Söhne <Rockets> ends on ")
    assert_lines(letter, "    seal administrator renew", f"SHA-256       {':'.join(['CD'] * 32)}")


def test_a_replaced_last_administrator_is_told_to_everybody(house: House, office: Office) -> None:
    office.hear(FactKind.LAST_ADMINISTRATOR_REPLACED, "notices.last-replaced", 1, administrator=DANA)
    assert {copy.payload["recipient"] for copy in waiting_copies(house.database)} == {"organization", DANA, ERIN, FRED}
    letter = office.letter(FactKind.LAST_ADMINISTRATOR_REPLACED, "notices.last-replaced", 1, recipient="organization", administrator=DANA)
    assert letter["To"] == "it@acme.test"
    assert letter["Subject"] == "Acme & Söhne <Rockets>: the provider invited Dana Doe as administrator at 22 November 2026, 14:05 UTC"
    assert "Nobody of Acme & Söhne <Rockets> signed for this." in " ".join(text_of(letter).split())


def test_guessed_phrases_are_told_to_administrators(house: House, office: Office) -> None:
    add_request(house)
    letter = office.letter(FactKind.PHRASE_GUESSED, "notices.phrase-guessed", recipient=ERIN)
    assert letter["Subject"] == "www.acme.test: several wrong challenge phrases by 22 November 2026, 14:05 UTC"
    assert_lines(letter, "Contact       Carol Coe, carol@acme.test")


@pytest.mark.parametrize(
    ("caller", "who", "line"),
    [
        (
            {"administrator": FRED},
            "Fred Poe",
            f"  seal administrator revoke-all {FRED} --organization acme --service https://privyseal.test",
        ),
        ({"token": "tok-1"}, "the token tok-1", "  seal token revoke tok-1 --organization acme --service https://privyseal.test"),
        ({"source": "a1b2" * 8}, "somebody without a credential (a1b2a1b2a1b2a1b2)", ""),
    ],
)
def test_refused_names_of_others_are_told_to_security_administrators(
    house: House, office: Office, caller: dict[str, str], who: str, line: str
) -> None:
    payload: dict[str, object] = {**caller, "count": 5, "since": "2026-11-22T13:58:07Z"}
    office.hear(FactKind.NAMES_REFUSED, "notices.names-refused", 1, **payload)
    assert {copy.payload["recipient"] for copy in waiting_copies(house.database)} == {"organization", DANA, *caller.values()} & {
        "organization",
        DANA,
        FRED,
    }
    letter = office.letter(FactKind.NAMES_REFUSED, "notices.names-refused", 1, recipient=DANA, **payload)
    subject = f"Acme & Söhne <Rockets>: 5 refusals of names of others since 22 November 2026, 13:58 UTC - {who}"
    assert letter["Subject"] == subject
    assert f"were asked for 5 times since 22 November 2026, 13:58 UTC, by {who}." in " ".join(text_of(letter).split())
    if line:
        assert_lines(letter, line)
    assert ("seal " in text_of(letter)) is bool(line)


def test_an_administrator_of_another_organization_gets_nothing(house: House, office: Office) -> None:
    add_request(house)
    stranger = Administrator(
        AdministratorId("adm-x"), None, "X", "x@else.test", Role.PROVIDER_ADMINISTRATOR, AdministratorState.ACTIVE, NOW
    )
    with house.database.write(NOW) as tx:
        administrators.insert(tx, stranger)
    assert office.hear(FactKind.REQUEST_CONFIRMED, "notices.pending", recipient="adm-x") == []


def test_every_fact_has_a_letter_and_every_listener_a_template() -> None:
    assert set(LISTENS) == set(FactKind)
    named = {name for names in LISTENS.values() for name in names}
    assert named == set(NOTICES)


def test_a_server_behind_another_name_is_checked_by_a_name_of_the_certificate(house: House) -> None:
    names = ((NameKind.DNS, "*.acme.test"), (NameKind.DNS, "acme.test"))
    servers = ("shop.acme.test", "a.b.acme.test", "acme.test:8443", "[2001:db8::1]:443")
    request = add_request(house, state=RequestState.ISSUED, names=names, servers=servers)
    certificate, _ = add_certificate(house, request)
    assert check_lines(request, certificate) == (
        "seal certificate check shop.acme.test",
        "seal certificate check a.b.acme.test --name acme.test",
        "seal certificate check acme.test:8443",
        "seal certificate check [2001:db8::1]:443 --name acme.test",
    )
    only_wildcard = replace(certificate, names=names[:1])
    assert check_lines(replace(request, endpoints=request.endpoints[1:2]), only_wildcard) == ("seal certificate check a.b.acme.test",)


@pytest.mark.parametrize("sender", ["Privyseal <ca@privyseal.test>", "nobody", "a@b.test\r\nBcc: c@d.test"])
def test_a_sender_is_one_plain_address(house: House, sender: str) -> None:
    with pytest.raises(Refused) as refusal:
        listeners(house, MailSettings(sender))
    assert refusal.value.kind == "mail-settings"


def test_a_late_letter_has_the_date_of_its_sending(house: House, tmp_path: Path) -> None:
    add_request(house)
    late = replace(house, clock=lambda: NOW + timedelta(days=1))
    letter = Office(late, tmp_path).letter(FactKind.REQUEST_RECEIVED, "notices.received")
    assert letter["Date"] == "Mon, 23 Nov 2026 14:05:06 +0000"
    assert letter["Message-ID"] == "<fact-1@privyseal.test>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["From"] == "Privyseal <certificates@privyseal.test>"


def test_held_carries_the_question_to_the_contact(house: House, office: Office) -> None:
    add_request(house, state=RequestState.HELD, state_reason="Is the second server in place?")
    letter = office.letter(FactKind.REQUEST_HELD, "notices.held")
    assert letter["To"] == "carol@acme.test"
    assert letter["Subject"] == "www.acme.test: a question about your request, asked on 22 November 2026 - answer it"
    assert_lines(
        letter, "Question: Is the second server in place?", "    https://privyseal.test/o/acme/requests/req-1", "Questions: it@acme.test"
    )
    assert part(letter, "html").count("<a ") == 1


def test_a_question_that_is_answered_meanwhile_is_not_mailed(house: House, office: Office) -> None:
    add_request(house)
    assert office.hear(FactKind.REQUEST_HELD, "notices.held") == []


def test_administrators_are_led_to_the_request_with_its_question_and_answer(house: House, office: Office) -> None:
    request = add_request(house)
    asked = Question(QuestionId("qst-1"), request.id, DANA, "Is the second server in place?", NOW, "", None)
    with house.database.write(NOW) as tx:
        questions.insert(tx, asked)
        assert questions.answer(tx, request.id, "Yes, since <Monday>")
    letter = office.letter(FactKind.REQUEST_ANSWERED, "notices.pending", recipient=DANA)
    assert_lines(
        letter,
        "Question: Is the second server in place?",
        "Answer: Yes, since <Monday>",
        "  https://privyseal.test/o/acme/console/requests/req-1",
    )
    assert "Yes, since &lt;Monday&gt;" in part(letter, "html")
    assert '<a href="https://privyseal.test/o/acme/console/requests/req-1">' in part(letter, "html")


def replace_certificate(house: House) -> tuple[Certificate, Certificate]:
    """A certificate and its replacement, the first to be revoked in a week."""
    old, _ = add_certificate(house, add_request(house, 1, state=RequestState.ISSUED))
    new, _ = add_certificate(house, add_request(house, 2, state=RequestState.ISSUED))
    with house.database.write(NOW) as tx:
        table = certificates.certificates
        tx.execute(table.update().where(table.c.id == new.id).values(replaces=old.id))
        certificates.schedule_revocation(tx, old.id, NOW + timedelta(days=7))
    return old, new


def test_the_letter_of_a_replacement_says_what_it_replaces_and_when_that_ends(house: House, office: Office) -> None:
    old, _ = replace_certificate(house)
    letter = office.letter(FactKind.CERTIFICATE_ISSUED, "notices.issued", 2)
    assert str(letter["Subject"]).startswith("www.acme.test: replacement issued on 22 November 2026")
    text = text_of(letter)
    assert f"It replaces the certificate of 22 November 2026 with the serial number {old.serial_hex}." in text
    assert "The old one is revoked by itself on 29 November 2026" in text
    assert_lines(letter, "     ssl_certificate /etc/nginx/tls/www.acme.test.2026-11-22.pem;")
    assert next(iter(letter.iter_attachments())).get_filename() == "www.acme.test.2026-11-22.pem"


def test_the_letter_of_a_revoked_replacement_says_that_the_old_one_goes_on(house: House, office: Office) -> None:
    old, new = replace_certificate(house)
    with house.database.write(NOW) as tx:
        certificates.mark_revoked(tx, new.id, RevocationReason.UNSPECIFIED.code)
        certificates.unschedule_revocation(tx, old.id)
    letter = office.letter(FactKind.CERTIFICATE_REVOKED, "notices.revoked", 2, recipient="contact")
    assert f"serial number {old.serial_hex}, is valid until 22 November 2027 and is no longer revoked by itself" in text_of(letter)


def test_a_shown_private_key_is_told_to_contact_administrators_and_provider(house: House, office: Office) -> None:
    certificate, _ = add_certificate(house, add_request(house, state=RequestState.ISSUED))
    invite(house, newcomer(None))
    office.hear(FactKind.KEY_DISCLOSED, "notices.key-disclosed")
    assert {copy.payload["recipient"] for copy in waiting_copies(house.database)} == {"contact", DANA, ERIN, "adm-new"}
    for recipient, address in (("contact", "carol@acme.test"), (DANA, "dana@acme.test"), ("adm-new", "gail@acme.test")):
        letter = office.letter(FactKind.KEY_DISCLOSED, "notices.key-disclosed", recipient=recipient)
        assert letter["To"] == address
        assert "its private key was sent to this service" in str(letter["Subject"])
        assert_lines(letter, f"  https://privyseal.test/o/acme/certificates/{certificate.serial_hex}/replace")


def test_a_name_that_ends_in_a_full_stop_gets_no_second_one(house: House, office: Office) -> None:
    with house.database.write(NOW) as tx:
        table = organizations.organizations
        tx.execute(table.update().where(table.c.id == ACME).values(name="Marketing & Sons, Inc."))
    add_request(house)
    letter = office.letter(FactKind.REQUEST_CONFIRMED, "notices.pending", recipient=DANA)
    for form in ("plain", "html"):
        assert "Inc." in part(letter, form)
        assert "Inc.." not in part(letter, form)
