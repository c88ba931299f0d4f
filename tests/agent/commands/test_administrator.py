"""``seal administrator``."""

from __future__ import annotations

import base64
import json
import stat
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from privyseal_agent.keys import administrator_id
from privyseal_wire.cms import verify_attached
from tests.agent import authority
from tests.agent.conftest import ADMINISTRATOR_ID, SERVICE_ID, Rig
from tests.agent.rest_service import Reply, Seen, problem

PEOPLE = "/organizations/acme/administrators"


def enroll(rig: Rig) -> None:
    """Let the service certify whatever key it is sent."""

    def certify(seen: Seen) -> Reply:
        assert seen.person == ""
        assert seen.json["code"] == "one-time"
        csr = x509.load_pem_x509_csr(seen.json["csr"].encode())
        assert csr.is_signature_valid
        ca = rig.service.administrators_ca
        builder = x509.CertificateBuilder().subject_name(rig.ada.certificate.subject).issuer_name(ca.certificate.subject)
        builder = builder.serial_number(7).public_key(csr.public_key())
        builder = builder.not_valid_before(rig.now - authority.DAY).not_valid_after(rig.now + authority.DAY)
        pem = builder.sign(ca.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
        person = {"id": ADMINISTRATOR_ID, "name": "Ada Example", "role": "security-administrator", "organization": "acme"}
        return {"administrator": person, "certificate_pem": pem, "chain_pem": pem}

    rig.service.on("POST", "/administrators/enroll", certify)


def test_enroll_makes_a_key_that_stays_here(rig: Rig) -> None:
    enroll(rig)
    told = rig.seal("administrator", "enroll", "one-time")
    assert told.status == 0, told.err
    folder = rig.folder / ".config" / "seal"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    certificate, key = folder / "administrator.pem", folder / "administrator.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert administrator_id.load(certificate, key, None).name == "Ada Example"
    assert told.out.endswith(f'certificate = "{certificate}"\nkey = "{key}"\n')
    assert b"PRIVATE" not in b"".join(seen.body for seen in rig.service.seen)
    again = rig.seal("administrator", "enroll", "one-time")
    assert again.status == 2
    assert "exists already" in again.err


def test_after_an_error_the_unused_key_is_used(rig: Rig) -> None:
    places = ("--certificate", str(rig.folder / "new.pem"), "--key", str(rig.folder / "new.key"))
    rig.service.on("POST", "/administrators/enroll", problem(422, "code", "The code has expired."))
    assert rig.seal("administrator", "enroll", "one-time", *places).err == "The code has expired.\n"
    key = (rig.folder / "new.key").read_bytes()
    enroll(rig)
    told = rig.seal("administrator", "enroll", "one-time", *places, "--json")
    assert told.json["administrator"]["id"] == ADMINISTRATOR_ID
    assert (rig.folder / "new.key").read_bytes() == key
    administrator_id.load(rig.folder / "new.pem", rig.folder / "new.key", None)


def test_an_encrypted_administrator_id(rig: Rig) -> None:
    enroll(rig)
    phrase = rig.folder / "phrase"
    phrase.touch(mode=0o600)
    phrase.write_text("correct horse battery")
    places = ("--certificate", str(rig.folder / "new.pem"), "--key", str(rig.folder / "new.key"))
    assert rig.seal("administrator", "enroll", "one-time", *places, "--passphrase-file", str(phrase)).status == 0
    administrator_id.load(rig.folder / "new.pem", rig.folder / "new.key", "correct horse battery")


CY = {"id": f"adm-{'5' * 32}", "name": "Cy Example", "email": "cy@acme.test", "role": "read-only", "state": "invited"}


def test_an_invitation_is_signed_here(rig: Rig) -> None:
    rig.service.on("POST", PEOPLE, CY)
    told = rig.seal("administrator", "invite", " Cy Example", "cy@Acme.test", *rig.identity)
    assert told.out == f"Cy Example is invited as read-only (adm-{'5' * 32}). A mail goes to cy@Acme.test.\n"
    assert rig.service.seen[-1].json.keys() == {"signature"}
    signature = base64.b64decode(rig.service.seen[-1].json["signature"])
    content = verify_attached(signature, signer_certificate_der=rig.ada.certificate.public_bytes(serialization.Encoding.DER)).content
    assert json.loads(content) == {
        "type": "privyseal.invitation.v1",
        "service": SERVICE_ID,
        "organization": "acme",
        "expires": (rig.now + timedelta(minutes=70)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "name": "Cy Example",
        "email": "cy@acme.test",
        "role": "read-only",
        "inviter": ADMINISTRATOR_ID,
    }


def test_who_is_invited_again_keeps_the_role_of_the_credential(rig: Rig) -> None:
    ada = {"id": ADMINISTRATOR_ID, "name": "Ada Example", "email": "ada@acme.test", "role": "security-administrator"}
    rig.service.on("POST", PEOPLE, ada)
    told = rig.seal("administrator", "invite", ada["name"], ada["email"].upper(), *rig.identity)
    assert told.status == 0, told.err
    content = base64.b64decode(rig.service.seen[-1].json["signature"])
    assert b'"role":"security-administrator"' in content
    # Whoever names another role signs it, and the service says no.
    rig.seal("administrator", "invite", "Cy Example", "cy@acme.test", "--role", "auditor", *rig.identity)
    assert b'"role":"auditor"' in base64.b64decode(rig.service.seen[-1].json["signature"])


def test_nothing_is_sent_that_cannot_be_signed(rig: Rig) -> None:
    for words, sentence in (
        (("Cy Example", "cy", "--role", "auditor"), "e-mail address"),
        (("Cy Example", "cy@acme.test", "--role", "provider-administrator"), "The field role of the statement is not one of"),
        (("Cy\nExample", "cy@acme.test", "--role", "auditor"), "is not a name"),
    ):
        told = rig.seal("administrator", "invite", *words, *rig.identity)
        assert (told.status, rig.service.asked("POST", PEOPLE)) == (1, [])
        assert sentence in told.err
    assert rig.seal("administrator", "invite", "Cy Example", "cy@acme.test", "--role", "auditor").status == 2


def test_the_provider_invites_the_first_without_a_signature(rig: Rig) -> None:
    rig.service.on("POST", f"/provider{PEOPLE}", CY)
    told = rig.seal("administrator", "invite", "Cy Example", "cy@acme.test", "--by-provider", *rig.identity)
    assert told.out == f"Cy Example is invited as read-only (adm-{'5' * 32}). A mail goes to cy@acme.test.\n"
    assert rig.service.seen[-1].json == {"name": "Cy Example", "email": "cy@acme.test", "role": "security-administrator"}
    assert rig.service.seen[-1].person == "Ada Example"


def test_list_and_revoke(rig: Rig) -> None:
    told = rig.seal("administrator", "list")
    assert [line.split()[0] for line in told.out.splitlines()] == ["ADMINISTRATOR", f"adm-{'1' * 32}", ADMINISTRATOR_ID]
    assert told.out.splitlines()[2].endswith(rig.ada.sha256)
    rig.service.on("POST", f"{PEOPLE}/{ADMINISTRATOR_ID}/credentials/{rig.ada.sha256}/revocation", {"id": ADMINISTRATOR_ID})
    told = rig.seal("administrator", "revoke", ADMINISTRATOR_ID, rig.ada.sha256, "--reason", "keyCompromise")
    assert told.out == f"The Administrator ID {rig.ada.sha256} is revoked.\n"
    assert rig.service.seen[-1].json == {"reason": "keyCompromise"}
