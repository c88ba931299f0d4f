"""Every verdict of the check, each against a real TLS server and, where it matters, a real http server with CRLs."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from privyseal_agent.check.connection import Endpoint
from privyseal_agent.check.fetch import fetch
from privyseal_agent.check.inspection import check_endpoint
from privyseal_agent.check.roots import read_roots
from privyseal_agent.check.verdict import Report, Verdict
from privyseal_agent.errors import Refused, Unreachable
from tests.agent import authority
from tests.agent.authority import DAY, Holder, Pointers
from tests.agent.servers import LOOPBACK, StatusFront, listening, tls_server
from tests.rigs.ports import free_port

HOST = "www.acme.test"


@dataclass
class Provider:
    """A root, an issuing CA and the front at which their CRLs are served."""

    root: Holder
    issuing: Holder
    front: StatusFront
    folder: Path

    @property
    def pointers(self) -> Pointers:
        return Pointers(
            crl=(f"{self.front.url}/crl/issuing/7.crl",), ocsp=f"{self.front.url}/ocsp/issuing", issuer=f"{self.front.url}/ca/issuing.cer"
        )

    def server(self, names: tuple[str, ...] = (HOST,), **options: object) -> Holder:
        return authority.make_server(self.issuing, names, **{"pointers": self.pointers, **options})  # type: ignore[arg-type]

    def publish(self, *revoked: Holder) -> None:
        self.front.bodies["/crl/issuing/7.crl"] = authority.make_crl(self.issuing, [item.certificate.serial_number for item in revoked])

    def check(
        self, holder: Holder, name: str = HOST, *, root: Holder | None = None, now: datetime | None = None, expected: Holder | None = None
    ) -> Report:
        roots = read_roots(authority.write_root(self.folder, root or self.root))
        wanted = expected.certificate if expected is not None else None
        with tls_server(self.folder, holder) as port:
            return check_endpoint(Endpoint(LOOPBACK, port), name, roots, now=now or datetime.now(UTC), fetch=fetch, expected=wanted)


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    root = authority.make_root()
    with StatusFront() as front:
        issuing = authority.make_intermediate(root, pointers=Pointers(crl=(f"{front.url}/crl/root/0.crl",)))
        front.bodies["/crl/root/0.crl"] = authority.make_crl(root)
        made = Provider(root, issuing, front, tmp_path)
        made.publish()
        yield made


def issuing_point(names: list[x509.UniformResourceIdentifier] | None, *, cas: bool = False) -> x509.IssuingDistributionPoint:
    return x509.IssuingDistributionPoint(
        full_name=names,
        relative_name=None,
        only_contains_user_certs=False,
        only_contains_ca_certs=cas,
        only_some_reasons=None,
        indirect_crl=False,
        only_contains_attribute_certs=False,
    )


def verdicts(report: Report) -> list[Verdict]:
    return [finding.verdict for finding in report.findings]


def only_finding(report: Report) -> tuple[str, str]:
    assert len(report.findings) == 1, report.findings
    return report.findings[0].sentence, report.findings[0].fix


def test_a_good_server_is_ok(provider: Provider) -> None:
    holder = provider.server((HOST, "acme.test"))
    report = provider.check(holder)
    assert report.verdict is Verdict.OK
    assert report.findings == ()
    assert report.handshake_ms >= 1
    assert report.protocol == "TLSv1.3"
    assert report.names == (HOST, "acme.test")
    assert report.serial_hex == holder.serial_hex
    assert report.chain == (HOST, "Test Issuing CA")
    assert report.issuer == "Test Issuing CA"
    assert report.revocation.startswith(f"CRL {provider.front.url}/crl/issuing/7.crl of 20")


def test_wildcards_and_addresses_are_names(provider: Provider) -> None:
    assert provider.check(provider.server(("*.acme.test",))).verdict is Verdict.OK
    assert provider.check(provider.server(("127.0.0.1",)), LOOPBACK).verdict is Verdict.OK
    assert provider.check(provider.server(("*.acme.test",)), "a.b.acme.test").verdict is Verdict.NAME_MISMATCH


def test_name_mismatch(provider: Provider) -> None:
    report = provider.check(provider.server(("shop.acme.test",)))
    assert report.verdict is Verdict.NAME_MISMATCH
    sentence, fix = only_finding(report)
    assert sentence == "The certificate is for shop.acme.test. www.acme.test is not among its names."
    assert fix.startswith("Install the certificate of www.acme.test")


def test_a_certificate_without_names_is_a_name_mismatch(provider: Provider) -> None:
    report = provider.check(provider.server(()))
    assert verdicts(report) == [Verdict.NAME_MISMATCH]
    assert "carries no names" in only_finding(report)[0]


def test_an_unknown_root_is_an_untrusted_issuer(provider: Provider) -> None:
    report = provider.check(provider.server(), root=authority.make_root("Another Root", key=authority.key_number(9)))
    assert report.verdict is Verdict.UNTRUSTED_ISSUER
    sentence, fix = only_finding(report)
    assert sentence == f"The certificate was issued under Test Root, which is not among the roots in {provider.folder / 'root.pem'}."
    assert "--root" in fix
    assert report.revocation == "not asked, because the issuer is not trusted"


def test_a_root_of_the_same_name_with_another_key_is_not_trusted(provider: Provider) -> None:
    impostor = authority.make_root(key=authority.key_number(9))
    assert provider.check(provider.server(), root=impostor).verdict is Verdict.UNTRUSTED_ISSUER


def test_a_server_that_keeps_the_intermediate_back_is_told_to_install_the_chain(provider: Provider) -> None:
    full = provider.server()
    provider.front.bodies["/ca/issuing.cer"] = provider.issuing.certificate.public_bytes(Encoding.DER)
    report = provider.check(Holder(full.certificate, full.key))
    assert report.verdict is Verdict.UNTRUSTED_ISSUER
    sentence, fix = only_finding(report)
    assert sentence.startswith("The server does not send the intermediate certificate Test Issuing CA")
    assert "chain file" in fix


def test_without_the_intermediate_anywhere_the_issuer_is_named(provider: Provider) -> None:
    full = provider.server()
    report = provider.check(Holder(full.certificate, full.key))
    assert "was issued under Test Issuing CA, which is not among" in only_finding(report)[0]


def test_a_self_made_certificate(provider: Provider) -> None:
    report = provider.check(authority.make_self_signed())
    assert report.verdict is Verdict.UNTRUSTED_ISSUER
    assert "signed by its own key" in only_finding(report)[0]


def test_a_self_made_certificate_that_is_the_root_is_ok_but_cannot_be_revoked(provider: Provider) -> None:
    own = authority.make_self_signed()
    report = provider.check(own, root=own)
    assert report.verdict is Verdict.OK
    assert report.revocation.startswith("none")


def test_a_chain_through_a_server_certificate_is_refused(provider: Provider) -> None:
    between = provider.server(("evil.test",), key=authority.key_number(5))
    holder = authority.make_server(between, (HOST,))
    report = provider.check(Holder(holder.certificate, holder.key, (between.certificate, provider.issuing.certificate)))
    assert report.verdict is Verdict.UNTRUSTED_ISSUER
    assert only_finding(report)[0] == "The chain runs through evil.test, which has no right to issue certificates."


def test_expired(provider: Provider) -> None:
    report = provider.check(provider.server(life=(-30 * DAY, -DAY)))
    assert report.verdict is Verdict.EXPIRED
    sentence, fix = only_finding(report)
    assert sentence.startswith("The certificate expired on 20")
    assert fix.startswith("Request a new certificate")


def test_not_yet_valid(provider: Provider) -> None:
    report = provider.check(provider.server(life=(DAY, 30 * DAY)))
    assert report.verdict is Verdict.NOT_YET_VALID
    assert "this computer's clock says" in only_finding(report)[0]


def test_an_expired_intermediate_is_named(tmp_path: Path) -> None:
    root = authority.make_root()
    with StatusFront() as front:
        issuing = authority.make_intermediate(
            root, "Old CA", pointers=Pointers(crl=(f"{front.url}/crl/root/0.crl",)), life=(-90 * DAY, -DAY)
        )
        front.bodies["/crl/root/0.crl"] = authority.make_crl(root)
        provider = Provider(root, issuing, front, tmp_path)
        provider.publish()
        report = provider.check(provider.server())
    assert report.verdict is Verdict.EXPIRED
    assert only_finding(report)[0].startswith("The CA certificate Old CA expired on")


def test_dates_follow_the_clock_that_is_passed_in(provider: Provider) -> None:
    holder = provider.server()
    later = provider.check(holder, now=datetime.now(UTC) + timedelta(days=31))
    assert Verdict.EXPIRED in verdicts(later)
    assert Verdict.REVOCATION_UNKNOWN in verdicts(later)  # The CRL of today is out of date by then.


def test_revoked_by_the_crl(provider: Provider) -> None:
    holder = provider.server()
    assert provider.check(holder).verdict is Verdict.OK
    provider.publish(holder)
    report = provider.check(holder)
    assert report.verdict is Verdict.REVOKED
    sentence, fix = only_finding(report)
    assert sentence.startswith("The certificate was revoked on")
    assert sentence.endswith("reason: key compromise.")
    assert fix.startswith("Make a new key")


def test_a_revoked_intermediate_revokes(provider: Provider) -> None:
    provider.front.bodies["/crl/root/0.crl"] = authority.make_crl(provider.root, [provider.issuing.certificate.serial_number])
    report = provider.check(provider.server())
    assert report.verdict is Verdict.REVOKED
    assert only_finding(report)[0].startswith("The CA certificate Test Issuing CA was revoked")


@pytest.mark.parametrize("delegated", [False, True])
def test_ocsp_answers_when_the_crl_does_not(provider: Provider, *, delegated: bool) -> None:
    del provider.front.bodies["/crl/issuing/7.crl"]
    holder = provider.server()
    responder = None
    if delegated:
        responder = authority.make_server(
            provider.issuing, ("ocsp",), purpose=ExtendedKeyUsageOID.OCSP_SIGNING, key=authority.key_number(6)
        )
    for revoked, verdict in ((False, Verdict.OK), (True, Verdict.REVOKED)):
        provider.front.bodies["/ocsp/issuing"] = authority.make_ocsp_answer(holder, provider.issuing, revoked=revoked, responder=responder)
        report = provider.check(holder)
        assert report.verdict is verdict
        assert report.revocation.startswith(f"OCSP {provider.front.url}/ocsp/issuing of 20")
    assert provider.front.posted


def test_an_ocsp_answer_by_somebody_else_does_not_count(provider: Provider) -> None:
    del provider.front.bodies["/crl/issuing/7.crl"]
    holder = provider.server()
    stranger = authority.make_server(provider.issuing, ("ocsp",), key=authority.key_number(6))  # Not for OCSP signing.
    provider.front.bodies["/ocsp/issuing"] = authority.make_ocsp_answer(holder, provider.issuing, revoked=False, responder=stranger)
    report = provider.check(holder)
    assert report.verdict is Verdict.REVOCATION_UNKNOWN
    assert "its answer is not signed for the issuer" in report.revocation


def test_an_ocsp_answer_for_another_certificate_or_time_does_not_count(provider: Provider) -> None:
    del provider.front.bodies["/crl/issuing/7.crl"]
    holder, other = provider.server(), provider.server()
    provider.front.bodies["/ocsp/issuing"] = authority.make_ocsp_answer(other, provider.issuing, revoked=False)
    assert "it answers for another certificate" in provider.check(holder).revocation
    provider.front.bodies["/ocsp/issuing"] = authority.make_ocsp_answer(holder, provider.issuing, revoked=False, age=2 * DAY)
    assert "its answer is out of date" in provider.check(holder).revocation
    provider.front.bodies["/ocsp/issuing"] = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(
        Encoding.DER
    )
    assert "it answers try later" in provider.check(holder).revocation


def test_when_nobody_tells_the_verdict_is_not_ok(provider: Provider) -> None:
    provider.front.bodies.clear()
    report = provider.check(provider.server())
    assert report.verdict is Verdict.REVOCATION_UNKNOWN
    assert len(report.findings) == 2  # The certificate and its CA.
    assert "it answered 404" in report.findings[0].sentence
    assert "plain http" in report.findings[0].fix


def test_a_certificate_that_names_no_source_is_unknown_unless_that_is_on_purpose(provider: Provider) -> None:
    report = provider.check(provider.server(pointers=authority.NOWHERE))
    assert verdicts(report) == [Verdict.REVOCATION_UNKNOWN]
    assert "it names neither a CRL nor an OCSP responder" in report.revocation
    no_rev_avail = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.56"), b"\x05\x00")
    holder = provider.server(pointers=authority.NOWHERE, extra=((no_rev_avail, False),))
    report = provider.check(holder)
    assert report.verdict is Verdict.OK
    assert "RFC 9608" in report.revocation


@pytest.mark.parametrize(
    ("why", "reason"),
    [
        ("stale", "it is out of date"),
        ("foreign", "it is not signed by the issuer of the certificate"),
        ("other-shard", "it is another part of the revocation list"),
        ("cas-only", "it covers other certificates"),
        ("unknown-critical", "it has a critical extension that is not understood"),
        ("garbage", "it is not a CRL that can be read"),
    ],
)
def test_a_crl_that_does_not_hold_clears_nobody(provider: Provider, why: str, reason: str) -> None:
    def point(url: str | None = None, *, cas: bool = False) -> tuple[x509.ExtensionType, bool]:
        names = [x509.UniformResourceIdentifier(url)] if url else None
        return issuing_point(names, cas=cas), True

    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.32473.9"), b"\x05\x00")
    crls: dict[str, Callable[[], bytes]] = {
        "stale": lambda: authority.make_crl(provider.issuing, age=8 * DAY),
        "foreign": lambda: authority.make_crl(provider.issuing, key=authority.key_number(9)),
        "other-shard": lambda: authority.make_crl(provider.issuing, extra=(point(f"{provider.front.url}/crl/issuing/8.crl"),)),
        "cas-only": lambda: authority.make_crl(provider.issuing, extra=(point(cas=True),)),
        "unknown-critical": lambda: authority.make_crl(provider.issuing, extra=((unknown, True),)),
        "garbage": lambda: b"<html>It works</html>",
    }
    provider.front.bodies["/crl/issuing/7.crl"] = crls[why]()
    report = provider.check(provider.server())
    assert report.verdict is Verdict.REVOCATION_UNKNOWN
    assert reason in report.revocation


def test_a_crl_of_cas_alone_clears_an_intermediate(provider: Provider) -> None:
    provider.front.bodies["/crl/root/0.crl"] = authority.make_crl(provider.root, extra=((issuing_point(None, cas=True), True),))
    assert provider.check(provider.server()).verdict is Verdict.OK


def test_the_shard_that_the_certificate_names_counts(provider: Provider) -> None:
    url = f"{provider.front.url}/crl/issuing/7.crl"
    point = issuing_point([x509.UniformResourceIdentifier(url)])
    holder = provider.server()
    provider.front.bodies["/crl/issuing/7.crl"] = authority.make_crl(provider.issuing, extra=((point, True),))
    assert provider.check(holder).verdict is Verdict.OK
    provider.front.bodies["/crl/issuing/7.crl"] = authority.make_crl(
        provider.issuing, [holder.certificate.serial_number], extra=((point, True),)
    )
    assert provider.check(holder).verdict is Verdict.REVOKED


def test_everything_that_is_wrong_is_told_the_gravest_first(provider: Provider) -> None:
    holder = provider.server(("shop.acme.test",), life=(-30 * DAY, -DAY))
    provider.publish(holder)
    report = provider.check(holder)
    assert verdicts(report) == [Verdict.REVOKED, Verdict.EXPIRED, Verdict.NAME_MISMATCH]
    assert report.verdict is Verdict.REVOKED


def test_openssl_judges_name_constraints(tmp_path: Path) -> None:
    root = authority.make_root(permitted=("test",))
    with StatusFront() as front:
        issuing = authority.make_intermediate(root, pointers=Pointers(crl=(f"{front.url}/crl/root/0.crl",)))
        front.bodies["/crl/root/0.crl"] = authority.make_crl(root)
        provider = Provider(root, issuing, front, tmp_path)
        provider.publish()
        assert provider.check(provider.server()).verdict is Verdict.OK
        report = provider.check(provider.server(("www.example.org",)), "www.example.org")
    assert report.verdict is Verdict.UNTRUSTED_ISSUER
    assert "OpenSSL refuses it: permitted subtree violation" in only_finding(report)[0]


def test_openssl_judges_the_purpose(provider: Provider) -> None:
    report = provider.check(provider.server(purpose=ExtendedKeyUsageOID.CLIENT_AUTH))
    assert report.verdict is Verdict.UNTRUSTED_ISSUER
    assert "OpenSSL refuses it" in only_finding(report)[0]


def test_the_expected_certificate(provider: Provider) -> None:
    served, expected = provider.server(), provider.server()
    assert provider.check(served, expected=served).verdict is Verdict.OK
    report = provider.check(served, expected=expected)
    assert report.verdict is Verdict.OTHER_CERTIFICATE
    assert (
        only_finding(report)[0]
        == f"The server sends the certificate with the serial number {served.serial_hex}, not {expected.serial_hex}."
    )


def test_nobody_listens(provider: Provider) -> None:
    roots = read_roots(authority.write_root(provider.folder, provider.root))
    with pytest.raises(Unreachable, match="cannot be reached"):
        check_endpoint(Endpoint(LOOPBACK, free_port()), HOST, roots, now=datetime.now(UTC), fetch=fetch)
    with pytest.raises(Unreachable, match="Check the name"):
        check_endpoint(Endpoint("nobody.invalid", 443), HOST, roots, now=datetime.now(UTC), fetch=fetch)


def test_a_server_without_tls_is_told_so(provider: Provider) -> None:
    roots = read_roots(authority.write_root(provider.folder, provider.root))
    with (
        listening(lambda connection: connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")) as port,
        pytest.raises(Refused, match="Is TLS switched on") as caught,
    ):
        check_endpoint(Endpoint(LOOPBACK, port), HOST, roots, now=datetime.now(UTC), fetch=fetch)
    assert caught.value.kind == "no-tls"


@pytest.mark.parametrize("case", ["good", "name", "expired", "unknown-root", "no-intermediate", "revoked"])
def test_openssl_s_client_says_the_same(provider: Provider, case: str) -> None:
    """The independent judge: openssl with the same root, name and CRLs."""
    holder = provider.server(
        ("shop.acme.test",) if case == "name" else (HOST,), life=(-30 * DAY, -DAY) if case == "expired" else (-DAY, DAY)
    )
    if case == "no-intermediate":
        holder = Holder(holder.certificate, holder.key)
    if case == "revoked":
        provider.publish(holder)
    root = authority.make_root("Another Root", key=authority.key_number(9)) if case == "unknown-root" else provider.root
    report = provider.check(holder, root=root)
    trusted = authority.write_root(provider.folder, root)
    with trusted.open("ab") as file:  # A CAfile may hold CRLs too, and s_client reads only one file for -CRL.
        for path in ("/crl/issuing/7.crl", "/crl/root/0.crl"):
            file.write(x509.load_der_x509_crl(provider.front.bodies[path]).public_bytes(Encoding.PEM))
    with tls_server(provider.folder, holder) as port:
        command = ["openssl", "s_client", "-connect", f"{LOOPBACK}:{port}", "-servername", HOST, "-verify_return_error"]
        command += ["-verify_hostname", HOST, "-CAfile", str(trusted), "-crl_check_all"]
        judged = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=30)
    assert (judged.returncode == 0) is (report.verdict is Verdict.OK), judged.stderr.decode()
    assert (report.verdict is Verdict.OK) is (case == "good")
