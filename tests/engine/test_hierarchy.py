"""The CA certificates, judged by openssl, by pkilint's own command, by Python's ssl and by a real TLS handshake."""

from __future__ import annotations

import ipaddress
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from privyseal.engine.certificate import CertificateContent, Issuer, build_reference, validity
from privyseal.engine.hierarchy import (
    ADMINISTRATORS_CA_LIFETIME_DAYS,
    DEMO_PERMITTED_NAMES,
    DEMO_ROOT_NAME,
    ISSUING_CA_LIFETIME_DAYS,
    OCSP_RESPONDER_LIFETIME_DAYS,
    ROOT_LIFETIME_DAYS,
    CaName,
    CaPlan,
    KeyKind,
    PermittedNames,
    make_administrators_ca,
    make_issuing_ca,
    make_ocsp_responder,
    make_root,
)
from privyseal.engine.lint import Linter
from privyseal.engine.pem import certificate_to_pem, chain_to_pem
from privyseal.engine.serials import new_serial
from privyseal.engine.signers import SigningKey, signature_hash
from privyseal.model.errors import Refused, Unavailable
from privyseal.model.profile import ADMINISTRATOR_ID, KeyPurpose, NameKind, SubjectField
from tests.engine.sample_issuers import NOW, SERVER, STATUS_URL, ca_key, content

KINDS: tuple[KeyKind, ...] = ("p256", "p384", "rsa2048", "rsa3072", "rsa4096")
LINTER = Path(sys.executable).parent / "lint_pkix_cert"


def plan(name: str, days: int, permitted: PermittedNames | None = None, now: datetime = NOW) -> CaPlan:
    return CaPlan(CaName(name, "Sample Provider", "US"), new_serial(1, os.urandom), now, days, permitted)


@cache
def hierarchy(kind: KeyKind, permitted: PermittedNames | None = None, *, repeat: bool = True, now: datetime = NOW) -> dict[str, Issuer]:
    """Root, issuing CA and administrators' CA of one kind of key; ``repeat`` puts the constraints into the issuing CA too."""
    root = Issuer(make_root(plan(DEMO_ROOT_NAME, ROOT_LIFETIME_DAYS, permitted, now), ca_key(kind)), "root", STATUS_URL, 1)
    issuing_plan = plan("Issuing CA 1", ISSUING_CA_LIFETIME_DAYS, permitted if repeat else None, now)
    issuing = make_issuing_ca(issuing_plan, ca_key(kind, 1).public_key(), root, ca_key(kind))
    administrators = make_administrators_ca(plan("Administrators", ADMINISTRATORS_CA_LIFETIME_DAYS, permitted, now), ca_key(kind, 1))
    return {
        "root": root,
        "issuing": Issuer(issuing, "issuing-1", STATUS_URL),
        "administrators": Issuer(administrators, "administrators", STATUS_URL),
    }


def write(folder: Path, **certificates: bytes) -> None:
    for name, certificate in certificates.items():
        (folder / name).write_text(certificate_to_pem(certificate))


def openssl_verify(folder: Path, *arguments: str) -> tuple[bool, str]:
    command = ["openssl", "verify", "-x509_strict", "-attime", str(int(NOW.timestamp())), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, text=True)
    return done.returncode == 0, done.stdout + done.stderr


def leaf(issuers: dict[str, Issuer], kind: KeyKind, *names: str) -> bytes:
    return build_reference(content(*names, issuer=issuers["issuing"]), issuers["issuing"], ca_key(kind, 1))


@pytest.mark.parametrize("kind", KINDS)
def test_openssl_builds_the_chain_of_every_kind_of_key(tmp_path: Path, kind: KeyKind) -> None:
    issuers = hierarchy(kind)
    write(
        tmp_path,
        root=issuers["root"].certificate_der,
        issuing=issuers["issuing"].certificate_der,
        leaf=leaf(issuers, kind, "www.acme.test"),
    )
    chain = ("-CAfile", "root", "-untrusted", "issuing", "-purpose", "sslserver")
    assert openssl_verify(tmp_path, *chain, "-verify_hostname", "www.acme.test", "leaf")[0]
    assert "ostname mismatch" in openssl_verify(tmp_path, *chain, "-verify_hostname", "acme.test", "leaf")[1]
    assert not openssl_verify(tmp_path, "-CAfile", "root", "-untrusted", "issuing", "-purpose", "sslclient", "leaf")[0]


@pytest.mark.parametrize("kind", ["p256", "rsa2048"])
def test_pkilints_own_command_finds_no_fault(tmp_path: Path, kind: KeyKind) -> None:
    issuers = hierarchy(kind, PermittedNames(("acme.test", "acme.example"), ("acme.test", ".acme.test")))
    responder_plan = plan("OCSP responder", OCSP_RESPONDER_LIFETIME_DAYS)
    responder = make_ocsp_responder(
        responder_plan, ec.generate_private_key(ec.SECP256R1()).public_key(), issuers["issuing"], ca_key(kind, 1)
    )
    certificates = {name: issuer.certificate_der for name, issuer in issuers.items()}
    certificates |= {"responder": responder, "leaf": leaf(issuers, kind, "www.acme.test")}
    write(tmp_path, **certificates)
    for name in certificates:
        done = subprocess.run([LINTER, "lint", "-s", "NOTICE", name], cwd=tmp_path, capture_output=True, check=False, text=True)
        assert (done.returncode, done.stdout.strip()) == (0, ""), name


def test_pkilint_knows_no_single_labels_in_demo_constraints_and_finds_nothing_else(tmp_path: Path) -> None:
    """The contract wants "test" and "localhost" there; our own linter lowers just these findings."""
    for name, issuer in hierarchy("p256", DEMO_PERMITTED_NAMES).items():
        write(tmp_path, **{name: issuer.certificate_der})
        done = subprocess.run(
            [LINTER, "lint", "-s", "NOTICE", "-f", "JSON", name], cwd=tmp_path, capture_output=True, check=False, text=True
        )
        findings = [finding for result in json.loads(done.stdout)["results"] for finding in result["finding_descriptions"]]
        values = {finding["message"].partition("syntax: ")[2] for finding in findings}
        assert values == {'"test"', '"localhost"', '".test"'}
        Linter("pkix").lint(issuer.certificate_der).require_clean()


def test_the_lifetimes_are_twenty_and_ten_years() -> None:
    issuers = hierarchy("p256")
    assert issuers["root"].not_after == validity(NOW, 7305, issuers["root"].not_after)[1]
    assert issuers["root"].not_after.year == 2046
    assert issuers["issuing"].not_after.year == issuers["administrators"].not_after.year == 2036


def test_an_issuing_ca_ends_with_its_root() -> None:
    issuers = hierarchy("p256")
    long = plan("Long", 40_000)
    certificate = x509.load_der_x509_certificate(make_issuing_ca(long, ca_key("p256", 1).public_key(), issuers["root"], ca_key("p256")))
    assert certificate.not_valid_after_utc == issuers["root"].not_after


def test_what_the_ca_certificates_say() -> None:
    issuers = hierarchy("p256", DEMO_PERMITTED_NAMES)
    for name, path_length in (("root", None), ("issuing", 0), ("administrators", 0)):
        certificate = x509.load_der_x509_certificate(issuers[name].certificate_der)
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        assert constraints.critical
        assert constraints.value == x509.BasicConstraints(ca=True, path_length=path_length)
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
        assert usage.critical
        assert usage.value.key_cert_sign
        assert usage.value.crl_sign
        assert not usage.value.digital_signature
    administrators = x509.load_der_x509_certificate(issuers["administrators"].certificate_der)
    assert administrators.issuer == administrators.subject
    issuing = x509.load_der_x509_certificate(issuers["issuing"].certificate_der)
    crl = issuing.extensions.get_extension_for_class(x509.CRLDistributionPoints).value[0].full_name
    assert crl == [x509.UniformResourceIdentifier(f"{STATUS_URL}/crl/root/0.crl")]


# -------------------------------------------------------------------------------------------- name constraints


@pytest.mark.parametrize("repeat", [True, False], ids=["in both CAs", "in the root alone"])
@pytest.mark.parametrize("kind", ["p256", "rsa2048"])
def test_a_demo_root_vouches_for_test_names_alone(tmp_path: Path, kind: KeyKind, repeat: bool) -> None:  # noqa: FBT001
    issuers = hierarchy(kind, DEMO_PERMITTED_NAMES, repeat=repeat)
    write(tmp_path, root=issuers["root"].certificate_der, issuing=issuers["issuing"].certificate_der)
    cases = (
        ("www.acme.test", True),
        ("test", True),
        ("localhost", True),
        ("a.localhost", True),
        ("www.acme.example", False),
        ("mytest", False),
        ("test.com", False),
    )
    for host, accepted in cases:
        write(tmp_path, leaf=leaf(issuers, kind, host))
        is_accepted, said = openssl_verify(tmp_path, "-CAfile", "root", "-untrusted", "issuing", "-purpose", "sslserver", "leaf")
        assert is_accepted is accepted, host
        assert accepted or "permitted subtree violation" in said
    write(tmp_path, leaf=leaf(issuers, kind, "www.acme.test", "www.acme.example"))
    assert not openssl_verify(tmp_path, "-CAfile", "root", "-untrusted", "issuing", "leaf")[0]


def test_a_demo_root_is_named_as_one_and_its_constraints_are_critical() -> None:
    root = x509.load_der_x509_certificate(hierarchy("p256", DEMO_PERMITTED_NAMES)["root"].certificate_der)
    assert "DEMO - do not trust" in root.subject.rfc4514_string()
    constraints = root.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    permitted = [x509.DNSName("test"), x509.DNSName("localhost"), x509.RFC822Name("test"), x509.RFC822Name(".test")]
    assert constraints.value.permitted_subtrees == permitted
    assert len(constraints.value.excluded_subtrees or []) == 2


@pytest.mark.parametrize(("address", "accepted"), [("a@acme.test", True), ("a@test", True), ("a@acme.example", False), ("a@mytest", False)])
def test_a_demo_administrators_ca_vouches_for_test_addresses_alone(tmp_path: Path, address: str, accepted: bool) -> None:  # noqa: FBT001
    issuers = hierarchy("p256", DEMO_PERMITTED_NAMES)
    write(tmp_path, anchor=issuers["administrators"].certificate_der, person=administrator(issuers["administrators"], address)[0])
    assert openssl_verify(tmp_path, "-CAfile", "anchor", "-purpose", "sslclient", "person")[0] is accepted


def test_an_ip_address_is_outside_a_demo_root(tmp_path: Path) -> None:
    issuers = hierarchy("p256", DEMO_PERMITTED_NAMES)
    issuing = x509.load_der_x509_certificate(issuers["issuing"].certificate_der)
    key = ec.generate_private_key(ec.SECP256R1())
    address_name = x509.IPAddress(ipaddress.ip_address("192.0.2.1"))
    builder = (
        x509.CertificateBuilder().issuer_name(issuing.subject).subject_name(x509.Name([])).public_key(key.public_key()).serial_number(99)
    )
    builder = builder.not_valid_before(NOW - timedelta(days=1)).not_valid_after(NOW + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([address_name]), critical=True)
    address = builder.sign(ca_key("p256", 1), signature_hash(ca_key("p256", 1))).public_bytes(Encoding.DER)
    write(tmp_path, root=issuers["root"].certificate_der, issuing=issuers["issuing"].certificate_der, leaf=address)
    done = subprocess.run(
        ["openssl", "verify", "-attime", str(int(NOW.timestamp())), "-CAfile", "root", "-untrusted", "issuing", "leaf"],
        cwd=tmp_path, capture_output=True, check=False, text=True,
    )  # fmt: skip
    assert "excluded subtree violation" in done.stderr


# ------------------------------------------------------------------------------------------- the OCSP responder


@pytest.mark.parametrize("kind", ["p256", "rsa2048"])
def test_a_responder_is_accepted_for_ocsp_alone(tmp_path: Path, kind: KeyKind) -> None:
    issuers = hierarchy(kind)
    responder_plan = plan("OCSP responder", OCSP_RESPONDER_LIFETIME_DAYS)
    responder = make_ocsp_responder(responder_plan, ca_key("p256", 2).public_key(), issuers["issuing"], ca_key(kind, 1))
    write(tmp_path, root=issuers["root"].certificate_der, issuing=issuers["issuing"].certificate_der, responder=responder)
    chain = ("-CAfile", "root", "-untrusted", "issuing")
    assert openssl_verify(tmp_path, *chain, "-purpose", "ocsphelper", "responder")[0]
    assert not openssl_verify(tmp_path, *chain, "-purpose", "sslserver", "responder")[0]
    certificate = x509.load_der_x509_certificate(responder)
    certificate.verify_directly_issued_by(x509.load_der_x509_certificate(issuers["issuing"].certificate_der))
    purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.OCSP_SIGNING]
    assert certificate.extensions.get_extension_for_class(x509.OCSPNoCheck).value == x509.OCSPNoCheck()
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


# ---------------------------------------------------------------------------------- the administrators' own anchor


def administrator(issuer: Issuer, address: str, now: datetime = NOW) -> tuple[bytes, SigningKey]:
    """An Administrator ID (with the purpose of TLS clients) and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    meant = content(spki_der=key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), issuer=issuer, now=now)
    meant = replace(
        meant, profile=ADMINISTRATOR_ID, names=((NameKind.EMAIL, address),), subject=((SubjectField.COMMON_NAME, "Alice Person"),)
    )
    return build_reference(meant, issuer, ca_key("p256", 1)), key


def subscriber_client(issuer: Issuer, now: datetime = NOW) -> tuple[bytes, SigningKey]:
    """A subscriber's certificate that may even be used by TLS clients."""
    key = ec.generate_private_key(ec.SECP256R1())
    meant: CertificateContent = content(
        spki_der=key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), issuer=issuer, now=now
    )
    profile = replace(SERVER, key_purposes=(KeyPurpose.SERVER_AUTH, KeyPurpose.CLIENT_AUTH))
    return build_reference(replace(meant, profile=profile), issuer, ca_key("p256", 1)), key


def test_openssl_finds_no_way_from_a_subscriber_to_the_administrators_anchor(tmp_path: Path) -> None:
    issuers = hierarchy("p256")
    client, _ = subscriber_client(issuers["issuing"])
    person, _ = administrator(issuers["administrators"], "alice@acme.test")
    (tmp_path / "others").write_text(chain_to_pem([issuers["issuing"].certificate_der, issuers["root"].certificate_der]))
    write(tmp_path, anchor=issuers["administrators"].certificate_der, root=issuers["root"].certificate_der, client=client, person=person)
    assert openssl_verify(tmp_path, "-CAfile", "root", "-untrusted", "others", "-purpose", "sslclient", "client")[0]
    for partial in ((), ("-partial_chain",)):
        assert not openssl_verify(tmp_path, *partial, "-CAfile", "anchor", "-untrusted", "others", "-purpose", "sslclient", "client")[0]
    assert openssl_verify(tmp_path, "-CAfile", "anchor", "-purpose", "sslclient", "person")[0]


def handshake(server: ssl.SSLContext, client: ssl.SSLContext) -> str:
    """The e-mail address or other name of the client that the server accepted; raises ssl.SSLError if it accepted none."""
    left, right = socket.socketpair()
    accepted: list[str] = []
    refused: list[Exception] = []

    def serve() -> None:
        try:
            with server.wrap_socket(left, server_side=True) as connection:
                accepted.append(str(connection.getpeercert()))
                connection.sendall(b"hello")
        except OSError as error:
            refused.append(error)
            left.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(right, server_hostname="www.acme.test") as connection:
            connection.recv(5)
    except OSError:
        right.close()
    thread.join()
    if refused:
        raise refused[0]
    return accepted[0]


def key_and_chain(folder: Path, name: str, key: SigningKey, *chain: bytes) -> Path:
    path = folder / name
    path.write_text(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode() + chain_to_pem(chain))
    return path


def test_pythons_tls_accepts_administrators_alone(tmp_path: Path) -> None:
    """The server's context is made as the service makes it: CERT_REQUIRED and the administrators' anchor, nothing else."""
    now = datetime.now(UTC)  # TLS judges by the computer's clock
    issuers = hierarchy("p256", now=now)
    subscriber, subscriber_key = subscriber_client(issuers["issuing"], now)
    person, person_key = administrator(issuers["administrators"], "alice@acme.test", now)
    whole_chain = (issuers["issuing"].certificate_der, issuers["root"].certificate_der)
    server_file = key_and_chain(tmp_path, "server", subscriber_key, subscriber, *whole_chain)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(server_file)
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(cadata=issuers["administrators"].certificate_der)

    def client(file: Path) -> ssl.SSLContext:
        context = ssl.create_default_context(cadata=issuers["root"].certificate_der)
        context.load_cert_chain(file)
        return context

    assert "alice@acme.test" in handshake(server, client(key_and_chain(tmp_path, "person", person_key, person)))
    with pytest.raises(ssl.SSLError, match=r"unable to get|self.signed|unknown"):
        handshake(server, client(server_file))


# ------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (CaName("x" * 65), "subject-too-long"),
        (CaName("CA", "x" * 65), "subject-too-long"),
        (CaName("CA", "Acme", "us"), "subject-country"),
        (CaName(""), "subject-characters"),
        (CaName("CA\u202e"), "subject-characters"),
    ],
)
def test_names_that_do_not_fit_are_refused(name: CaName, kind: str) -> None:
    with pytest.raises(Refused) as caught:
        make_root(replace(plan("x", 10), name=name), ca_key("p256"))
    assert caught.value.kind == kind


def test_the_wrong_key_is_found() -> None:
    root = hierarchy("p256")["root"]
    for wrong in (ca_key("p256", 1), ca_key("p384"), ca_key("rsa2048")):
        with pytest.raises(Unavailable, match="nothing was issued"):
            make_issuing_ca(plan("Issuing", 10), ca_key("p256", 1).public_key(), root, wrong)


def test_a_curve_that_signs_nothing_makes_no_root() -> None:
    with pytest.raises(Refused, match="Use another key"):
        make_root(plan("Root", 10), ec.generate_private_key(ec.SECP521R1()))


def test_dates_hold_for_a_root_beyond_2050() -> None:
    root = x509.load_der_x509_certificate(make_root(plan("Root", 20_000), ca_key("p256")))
    assert root.not_valid_after_utc - root.not_valid_before_utc == timedelta(days=20_000, seconds=-1)
