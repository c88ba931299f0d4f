"""I15, I16: whoever writes the database and has an administrator's signature gets no identity outside the vetted record.

The entrances are bypassed: requests, approvals and intents are rows that the intruder wrote, and the approvals are signed
over exactly what he wrote by an administrator who goes along with him. What the issuer then signs is judged by rules of
this test's own.
"""

from __future__ import annotations

import dataclasses
import itertools
import random
import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from cryptography import x509
from cryptography.x509.oid import NameOID

from privyseal.actions.certificate.prepare_certificates import prepare_certificates
from privyseal.actions.house import About, perform
from privyseal.engine.certificate import CertificateContent
from privyseal.engine.serials import new_serial, serial_hex, shard_of
from privyseal.issuer.desk import complete_batch
from privyseal.model.actor import SYSTEM
from privyseal.model.identifiers import IntentId, RequestId
from privyseal.model.organization import subject_values
from privyseal.model.profile import KeyAlgorithm, NameKind, SubjectField
from privyseal.model.request import Request
from privyseal.model.unit import UnitTier
from privyseal.store import certificates, organizations, policies, requests, units
from tests.rigs.hostile_texts import SHORT
from tests.rigs.service import AdministratorRig, ServiceRig, hashes_hex, make_csr, make_key

ORG, DOMAIN = "resource-marketing", "resource-marketing.test"
PORTION = 250
HOST = re.compile(r"(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*resource-marketing\.test")
"""What may be certified, by a rule that shares nothing with the one that is tested."""

VETTED = {
    NameOID.COUNTRY_NAME: "US",
    NameOID.STATE_OR_PROVINCE_NAME: "Kentucky",
    NameOID.LOCALITY_NAME: "Fort Thomas",
    NameOID.ORGANIZATION_NAME: "Resource Marketing, Inc.",
}
OTHERS = ("bookstore.test", "test", "com", "co.uk", "resource-marketing.com", "hoffman-brandt.test", "github.io", "localhost")
LOOKALIKES = (
    "resource\u2011marketing.test",
    "res\u043eurce-marketing.test",
    "resource-marketing\u3002test",
    "resource-marketing.t\u0435st",
)
LABELS = (
    "www",
    "a",
    "*",
    "",
    "-",
    "-a",
    "a-",
    "xn--a",
    "xn--",
    "a_b",
    "a b",
    "a\0b",
    "A",
    "\u00fc",
    "\u200b",
    "1",
    "a" * 63,
    "a" * 64,
    "a.b",
    "@",
)

Identity = tuple[tuple[tuple[NameKind, str], ...], tuple[tuple[SubjectField, str], ...]]


def hostile_name(dice: random.Random) -> str:
    label, texts = dice.choice(LABELS), list(SHORT.values())
    shapes = (
        lambda: f"{label}.{DOMAIN}",
        lambda: f"{label}.{dice.choice(OTHERS)}",
        lambda: f"{label}{DOMAIN}",
        lambda: f"{label}.{dice.choice(LOOKALIKES)}",
        lambda: f"{DOMAIN}.{dice.choice(OTHERS)}",
        lambda: f"{label}.{DOMAIN}.",
        lambda: f"WWW.{DOMAIN.title()}",
        lambda: f"{dice.choice(texts)}.{DOMAIN}",
        lambda: f"{dice.choice(texts)}",
        lambda: f" www.{DOMAIN}",
        lambda: f"www.{DOMAIN}\n",
        lambda: f"https://www.{DOMAIN}/",
        lambda: f"www.{DOMAIN}:443",
        lambda: f"user@{DOMAIN}",
        lambda: f"www.evil.test\0.{DOMAIN}",
        lambda: f"{'a.' * dice.randrange(1, 130)}{DOMAIN}",
        lambda: ".".join(str(dice.randrange(256)) for _ in range(4)),
        lambda: "www." + DOMAIN.replace(".", dice.choice(".-_\u2024\uff0e")),
        lambda: "".join(dice.choice(f"*.-_@: \0\u202e{DOMAIN}") for _ in range(dice.randrange(1, 60))),
    )
    return dice.choice(shapes)()


def hostile_subject(dice: random.Random, first: str, vetted: dict[SubjectField, str]) -> tuple[tuple[SubjectField, str], ...]:
    fields = dict(vetted) | {SubjectField.COMMON_NAME: first}
    kind = dice.randrange(6)
    values = [(field, text) for field, text in fields.items() if text]
    if kind == 0:
        return tuple(values)
    victim = dice.choice([field for field, _ in values])
    if kind == 1:
        other = dice.choice(
            ("Bookstore Inc.", "resource marketing, inc.", "Resource Marketing, Inc. ", "www.bookstore.test", *SHORT.values())
        )
        return tuple((field, other if field is victim else text) for field, text in values)
    if kind == 2:
        return tuple((field, text) for field, text in values if field is not victim)
    if kind == 3:
        return (*values, (victim, dice.choice(("Bookstore Inc.", fields[victim]))))
    if kind == 4:
        dice.shuffle(values)
        return tuple(values)
    return tuple((field, "www.bookstore.test" if field is SubjectField.COMMON_NAME else text) for field, text in values)


def hostile_identity(dice: random.Random, vetted: dict[SubjectField, str]) -> Identity:
    """Names and subject, at least one of which may be anything."""
    names = [hostile_name(dice) for _ in range(dice.choice((1, 1, 1, 2, 5)))]
    if dice.random() < 0.4:
        names = [f"host{dice.randrange(10**6)}.{DOMAIN}"]
    if dice.random() < 0.3:
        names.insert(dice.randrange(len(names) + 1), f"www.{DOMAIN}")
    kinds = [NameKind.EMAIL if dice.random() < 0.05 else NameKind.DNS for _ in names]
    if dice.random() < 0.05:
        names, kinds = [], []
    return tuple(zip(kinds, names, strict=True)), hostile_subject(dice, names[0] if names else "", vetted)


@dataclasses.dataclass
class Bypass:
    """Writes requests as though they had been submitted, approved and prepared."""

    service: ServiceRig
    admin: AdministratorRig
    numbers: Iterator[int]

    def __post_init__(self) -> None:
        """One request goes the right way, to be a model of the others."""
        request = self.service.submit(ORG, make_csr([f"www.{DOMAIN}"], make_key()))
        self.service.approve(request, self.admin)
        perform(self.service.house, SYSTEM, About("test", ORG, "request", "x"), prepare_certificates, [request.id])
        self.request = request
        with self.service.house.database.read(self.service.clock()) as tx:
            self.row = dict(tx.execute(requests.requests.select().where(requests.requests.c.id == request.id)).one()._mapping)
            self.approval = dict(tx.execute(requests.approvals.select()).one()._mapping)
            self.intent = dict(
                tx.execute(certificates.intents.select().where(certificates.intents.c.request_id == request.id)).one()._mapping
            )
            self.policy, _ = policies.get(tx, request.policy_id, request.policy_version)

    def enter(self, identities: list[Identity]) -> list[IntentId]:
        """Write a request, its approval and its intent for each identity; return the intents."""
        written = [self._rows(*identity) for identity in identities]
        with self.service.house.database.write(self.service.clock()) as tx:
            for place, table in enumerate((requests.requests, requests.approvals, certificates.intents)):
                tx.execute(table.insert(), [rows[place] for rows in written])
            units.reserve_each(tx, self.request.organization_id, UnitTier.STANDARD, [rows[0]["id"] for rows in written])
        return [rows[2]["id"] for rows in written]

    def _rows(self, names: tuple[tuple[NameKind, str], ...], subject: tuple[tuple[SubjectField, str], ...]) -> tuple[dict[str, Any], ...]:
        house, now = self.service.house, self.service.clock()
        number = next(self.numbers)
        request: Request = dataclasses.replace(self.request, id=RequestId(house.id("req", now)), names=names, subject=subject)
        plain = {"names": [[kind.value, name] for kind, name in names], "subject": [[field.value, text] for field, text in subject]}
        row = self.row | plain | {"id": request.id, "state": "issuing", "sameness": hashes_hex(str(number).encode())}
        content = self.service.approval_content(request, self.admin)
        approval = self.approval | {
            "id": house.id("app", now),
            "request_id": request.id,
            "content": content,
            "content_sha256": hashes_hex(content),
            "signature": self.service.sign(content, self.admin),
        }
        return row, approval, self._intent(request)

    def _intent(self, request: Request) -> dict[str, Any]:
        house, now = self.service.house, self.service.clock()
        serial = new_serial(0x51, house.random_bytes)
        start = now.replace(microsecond=0)
        content = CertificateContent(
            profile=self.policy.profile,
            serial=serial,
            not_before=start,
            not_after=start + timedelta(days=90),
            subject=request.subject,
            names=request.names,
            spki_der=request.spki_der,
            crl_shard=shard_of(serial, house.issuing.issuer.shard_count),
        )
        try:
            tbs = house.issuing.template(self.policy.profile, KeyAlgorithm(request.key_algorithm)).build_tbs(content)
        except Exception:  # noqa: BLE001 - what cannot be built is left out; the issuer must refuse that as well
            tbs = b"0"
        return self.intent | {
            "id": house.id("int", now),
            "request_id": request.id,
            "serial_hex": serial_hex(serial),
            "tbs": tbs,
            "not_before": content.not_before,
            "not_after": content.not_after,
        }


def is_vetted(certificate: x509.Certificate) -> bool:
    """Whether the certificate names nobody but this organization and hosts below its domain."""
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    hosts = names.get_values_for_type(x509.DNSName)
    subject = [(attribute.oid, attribute.value) for attribute in certificate.subject]
    expected = [*VETTED.items(), *([(NameOID.COMMON_NAME, hosts[0])] if len(hosts[0]) <= 64 else [])]
    return len(hosts) == len(names) and all(HOST.fullmatch(host) and len(host) <= 253 for host in hosts) and subject == expected


def test_no_identity_outside_the_vetted_record_is_certified(service: ServiceRig, long_run: bool) -> None:  # noqa: FBT001 - a fixture
    """25,000 on each database in a long run."""
    dice, count = random.Random(15), 25_000 if long_run else PORTION * 2
    service.create_organization(units=count + 1)
    bypass = Bypass(service, service.administrator(ORG), itertools.count())
    with service.house.database.read(service.clock()) as tx:
        vetted = dict(subject_values(organizations.require(tx, ORG), ""))
    refused: Counter[str] = Counter()
    for _ in range(count // PORTION):
        intents = bypass.enter([hostile_identity(dice, vetted) for _ in range(PORTION)])
        results = complete_batch(service.house, service.keys, intents)
        refused.update(result.kind for result in results.values() if not result.ok)
        service.integrate()
        service.clock.advance(timedelta(seconds=1))
    with service.house.database.read(service.clock()) as tx:
        table = certificates.certificates
        issued = [
            x509.load_der_x509_certificate(der)
            for der in tx.execute(sa.select(table.c.der).where(table.c.request_id.is_not(None))).scalars()
        ]
    assert [certificate.subject.rfc4514_string() for certificate in issued if not is_vetted(certificate)] == []
    # Some are what the entrances would have made as well, and the others are refused for what they are.
    assert len(issued) == count - refused.total() > 0
    assert set(refused) >= {"name-not-validated", "names", "subject"}, refused
    assert "certificate-differs" not in refused or refused["certificate-differs"] < count // 100, refused
