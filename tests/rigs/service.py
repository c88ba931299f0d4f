"""A whole service in one process: real database, real keys, real actions, a clock that the test moves.

It is made by the same ``initialize`` that operators run. Entrances and processes are left out; their tests use
tests/rigs/live_service.py.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from privyseal.actions.administrator.enroll_administrator import enroll_administrator
from privyseal.actions.administrator.invite_administrator import invite_administrator
from privyseal.actions.administrator.invite_with_signature import invite_with_signature
from privyseal.actions.admission import Invited
from privyseal.actions.approving import Approved
from privyseal.actions.audit.integrate_audit_log import LEASE, Holder, Integrated, integrate_audit_log
from privyseal.actions.certificate.prepare_certificates import prepare_certificates
from privyseal.actions.certificate.reissue_certificate import reissue_certificate
from privyseal.actions.change.answer_change import answer_change
from privyseal.actions.change.propose_change import propose_change
from privyseal.actions.changing import holders_of, needed_now
from privyseal.actions.changing_kinds import side_of
from privyseal.actions.department.create_department import create_department
from privyseal.actions.house import About, House, ServiceIdentity, attempt, perform
from privyseal.actions.organization.add_domain import add_domain
from privyseal.actions.organization.add_policy import add_policy
from privyseal.actions.organization.create_organization import create_organization
from privyseal.actions.organization.place_order import place_order
from privyseal.actions.organization.record_validation import record_validation
from privyseal.actions.request.approve_request import approve_request
from privyseal.actions.request.submit_request import submit_request
from privyseal.cli.initialize import Plan, initialize
from privyseal.cli.known_authorities import read_authorities
from privyseal.cli.settings import Settings
from privyseal.engine.authority import Authority
from privyseal.engine.csr import read_csr
from privyseal.engine.dcv import Evidence
from privyseal.engine.hierarchy import DEMO_PERMITTED_NAMES, DEMO_ROOT_NAME, KeyKind
from privyseal.engine.log_key import LogKey, require_log_key
from privyseal.engine.signers import SigningKey, encrypted_key_file
from privyseal.engine.submission import RawSubmission, read_submission
from privyseal.issuer.desk import complete_batch
from privyseal.issuer.protocol import CompletedIntent
from privyseal.model.actor import SYSTEM, Actor, ActorKind, administrator_actor
from privyseal.model.administrator import PERMISSIONS, Administrator, AdministratorState, Role
from privyseal.model.certificate import Certificate
from privyseal.model.change import ChangeKind, ChangeState, change_content
from privyseal.model.department import Department
from privyseal.model.domain import ValidationMethod
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import AdministratorId, AuthorityId, ChangeId, DepartmentId, OrganizationId, RequestId
from privyseal.model.organization import Organization
from privyseal.model.policy_draft import PolicyDraft
from privyseal.model.request import Request
from privyseal.model.role_change import Removal, RoleChange, role_content
from privyseal.model.statement import approval_fields, utc_text
from privyseal.model.unit import UnitTier
from privyseal.store import administrators, assignments, audit, authorities, certificates, organizations, policies, requests
from privyseal.store.database import Database
from privyseal_wire.canonical import canonical_bytes
from privyseal_wire.cms import sign_attached
from privyseal_wire.passkey import Signature
from privyseal_wire.statements import Change, Invitation
from tests.rigs.shared_statements import COMPILED
from tests.rigs.vetting import vet as vet_organization

SubjectKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
PHRASE = "blue kettle 9"


def make_key(kind: str = "p256") -> SubjectKey:
    """A subscriber's or administrator's key: p256, p384, p521, ed25519, rsa2048, ..."""
    curves: dict[str, ec.EllipticCurve] = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}
    if kind in curves:
        return ec.generate_private_key(curves[kind])
    return ed25519.Ed25519PrivateKey.generate() if kind == "ed25519" else rsa.generate_private_key(65537, int(kind.removeprefix("rsa")))


def make_csr(names: Sequence[str], key: SubjectKey, *, organization: str = "Whatever the CSR says") -> str:
    """A PKCS#10 request in PEM: the first name as common name where it has room (X.520: 64), all as subject alternative names."""
    subject = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization)]
    subject += [x509.NameAttribute(NameOID.COMMON_NAME, name) for name in names[:1] if len(name) <= 64]
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(subject))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
    signed = builder.sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


@dataclass(slots=True)
class MovableClock:
    """Real time plus what the test adds."""

    offset: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        """Now."""
        return datetime.now(UTC) + self.offset

    def advance(self, by: timedelta) -> None:
        """Let time pass (or go back)."""
        self.offset += by


@dataclass(frozen=True, slots=True)
class AdministratorRig:
    """A person with an Administrator ID and its key."""

    administrator: Administrator
    certificate_der: bytes
    key: SubjectKey
    organization: str

    @property
    def actor(self) -> Actor:
        """The person as an entrance would know him."""
        return administrator_actor(self.administrator, hashes_hex(self.certificate_der), "")


def mail_of(name: str, slug: str) -> str:
    """The address of a person of the rig."""
    return f"{name.lower().replace(' ', '.')}@{slug or 'provider'}.test"


def hashes_hex(data: bytes) -> str:
    """SHA-256 in hex."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(data)
    return digest.finalize().hex()


OPERATOR = Actor(ActorKind.OPERATOR, "operator", permissions=PERMISSIONS[Role.PROVIDER_ADMINISTRATOR])


@dataclass(frozen=True, slots=True)
class ServiceTemplate:
    """A service that was initialized once; rigs copy its directory and database instead of making keys again."""

    directory: Path
    database_url: str
    keys: dict[AuthorityId, SigningKey]
    log_key: LogKey
    authorities: Mapping[str, Authority]
    """With what they have compiled and linted, which a copy need not do again."""
    enrolled: tuple[AdministratorRig, ...] = ()
    begun: Any = None


Beginning = Callable[["ServiceRig"], Any]


def make_template(
    directory: Path, database_url: str = "", template: ServiceTemplate | None = None, beginning: Beginning | None = None
) -> ServiceTemplate:
    """Initialize a service to copy, or go on from such a ``template``; ``beginning`` is done in it once for all who copy it."""
    rig = ServiceRig(directory, database_url, template=template)
    begun = beginning(rig) if beginning is not None else None
    rig.integrate()
    rig.close()
    return ServiceTemplate(directory, database_url, rig.keys, rig.log_key, rig.house.authorities, tuple(rig.enrolled), begun)


@dataclass(slots=True)
class ServiceRig:
    """``directory`` becomes the data directory; ``database_url`` is empty for the embedded database.

    With a ``template`` the service is a copy: its database (``database_url`` on PostgreSQL) must be a copy as well.
    """

    directory: Path
    database_url: str = ""
    key: KeyKind = "p256"
    template: ServiceTemplate | None = None
    listeners: dict[FactKind, tuple[str, ...]] = field(default_factory=dict)
    clock: MovableClock = field(default_factory=MovableClock)
    settings: Settings = field(init=False)
    house: House = field(init=False)
    keys: dict[AuthorityId, SigningKey] = field(init=False)
    log_key: LogKey = field(init=False)
    signers: dict[str, Callable[[bytes], Signature]] = field(default_factory=dict)
    """How people whom this rig let in sign, by their ids: a change of roles needs several of them."""
    enrolled: list[AdministratorRig] = field(default_factory=list)
    begun: Any = None
    """What the beginning of the template returned."""
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.settings = Settings(
            data=self.directory / "data",
            service_id="privyseal.localhost",
            log_host="privyseal.localhost",
            database_url=self.database_url,
            base_url="https://localhost:8443",
            administrator_url="https://localhost:8444",
            status_url="http://127.0.0.1:8080",
            provider_contact="help@provider.test",
        )
        if self.template is not None:
            shutil.copytree(self.template.directory / "data", self.settings.data)
            self.house = self.open_house()
            self.keys, self.log_key = self.template.keys, self.template.log_key
            self.begun = self.template.begun
            for person in self.template.enrolled:
                self._remember(person)
            return
        plan = Plan(self.settings, "Example Trust", self.key, DEMO_PERMITTED_NAMES, DEMO_ROOT_NAME)
        initialize(plan, self.clock(), os.urandom)
        self.house = self.open_house()
        data = self.settings.data
        issuer_secret = (data / "secrets/issuer.passphrase").read_bytes()
        self.keys = {
            self.house.authorities[slug].id: encrypted_key_file.load(data / "keys" / f"{slug}.key", issuer_secret)
            for slug in ("issuing", "administrators", "test-root", "test-issuing")
        }
        log_key = encrypted_key_file.load(data / "keys/log.key", (data / "secrets/work.passphrase").read_bytes())
        self.log_key = LogKey(require_log_key(log_key), self.settings.log_host)
        self.integrate()

    def open_house(self) -> House:
        """A House on a database connection of its own, as another process would have."""
        database = Database(self.settings.database)
        for engine in (database.writer, database.reader):
            engine.update_execution_options(compiled_cache=COMPILED[engine.dialect.name])
        with database.read(self.clock()) as tx:
            facts = authorities.facts(tx)
            known = read_authorities(authorities.every(tx), self.settings.status_url)
        if self.template is not None:
            compiled = self.template.authorities
            known = {slug: compiled[slug] if compiled.get(slug) == authority else authority for slug, authority in known.items()}
        service = ServiceIdentity(
            self.settings.service_id,
            self.settings.log_host,
            self.settings.base_url,
            self.settings.administrator_url,
            self.settings.status_url,
            bytes.fromhex(facts["personal_salt"]),
            provider_contact=self.settings.provider_contact,
            public_trials=self.settings.public_trials,
        )
        return House(database, service, known, self.listeners, self.clock, os.urandom)

    def close(self) -> None:
        """Give the connections back."""
        self.house.database.close()

    def integrate(self, *, anchor: bool = False) -> list[Integrated]:
        """What the work process does each second."""
        with self.house.database.write(self.clock()) as tx:
            token = audit.take_lease(tx, LEASE, "rig", tx.now + timedelta(seconds=10))
        assert token is not None
        with self.house.database.write(self.clock()) as tx:
            return integrate_audit_log(self.house, tx, SYSTEM, self.log_key, Holder("rig", token), anchor=anchor)

    def create_organization(
        self,
        slug: str = "resource-marketing",
        *,
        name: str = "Resource Marketing, Inc.",
        domains: Sequence[str] = ("resource-marketing.test",),
        units: int = 5,
        policy: PolicyDraft | None = None,
        vet: bool = True,
    ) -> Organization:
        """An active organization with validated domains, units and a policy."""
        about = About("set-up", "", "organization", slug)
        perform(
            self.house,
            OPERATOR,
            about,
            create_organization,
            slug=slug,
            name=name,
            country="US",
            state_or_province="Kentucky",
            locality="Fort Thomas",
            contact_email=f"contact@{domains[0]}",
        )
        for domain in domains:
            self.validate(slug, domain)
        if vet:
            vet_organization(self.house, slug)
        if units:
            perform(self.house, OPERATOR, about, place_order, slug, UnitTier.STANDARD, units, "PO 1")
        perform(self.house, OPERATOR, about, add_policy, slug, policy or PolicyDraft())
        with self.house.database.read(self.clock()) as tx:
            return organizations.require(tx, slug)

    def validate(self, slug: str, name: str) -> None:
        """Register a domain and record evidence of its control (the look-up itself is tested with engine/dcv)."""
        about = About("set-up", slug, "domain", name)
        domain = perform(self.house, OPERATOR, about, add_domain, slug, name)
        evidence = Evidence(
            method=ValidationMethod.DNS_TXT,
            name=name,
            answers=(domain.token,),
            resolvers=("127.0.0.1:53",),
            connected_to="",
            authenticated=False,
            at=self.clock(),
        )
        perform(self.house, OPERATOR, about, record_validation, slug, domain.name, domain.token, evidence)

    def administrator(
        self,
        slug: str,
        name: str = "",
        role: Role = Role.SECURITY_ADMINISTRATOR,
        *,
        by: AdministratorRig | None = None,
        key: str = "p256",
    ) -> AdministratorRig:
        """Invite a person, enroll a key, and return the Administrator ID; ``by`` signs for everybody but the first.

        Then the person comes in for reading, and a change gives the role, which the others sign with ``by``.
        """
        full_name = name or f"Admin {next(self._numbers)}"
        return self.enroll(self.invite(slug, full_name, role, by=by), slug, key=key)

    def invite(self, slug: str, name: str, role: Role = Role.SECURITY_ADMINISTRATOR, *, by: AdministratorRig | None = None) -> Invited:
        """Send somebody a one-time link: by the operator's word, or under the signature of ``by`` with the role by a change."""
        about = About("set-up", slug, "administrator", "new")
        if by is None:
            return perform(self.house, OPERATOR, about, invite_administrator, slug, name, mail_of(name, slug), role)
        known = next((person for person in self.people(slug) if person.name == name), None)
        was_here = known is not None and known.state is not AdministratorState.INVITED
        signature = self.sign(self.invitation_content(by, name, known.role if known and was_here else Role.READ_ONLY), by)
        invited = perform(self.house, by.actor, about, invite_with_signature, slug, signature)
        if not was_here and not any(item.role is role for item in invited.administrator.assignments):
            self.give(invited.administrator, role, by=by.administrator, slug=slug)
        return invited

    def people(self, slug: str) -> list[Administrator]:
        """The people of an organization, "" for the provider's."""
        with self.house.database.read(self.clock()) as tx:
            return administrators.of_organization(tx, organizations.require(tx, slug).id if slug else None)

    def invitation_content(self, by: AdministratorRig, name: str, role: Role, *, life: timedelta = timedelta(minutes=70)) -> bytes:
        """The bytes that this administrator signs to invite somebody."""
        statement = Invitation(
            service=self.settings.service_id,
            organization=by.organization,
            expires=utc_text(self.clock() + life),
            name=name,
            email=mail_of(name, by.organization),
            role=role.value,
            inviter=by.administrator.id,
        )
        return statement.to_bytes()

    def enroll(self, invited: Invited, slug: str, *, key: str = "p256") -> AdministratorRig:
        """Use a one-time link and return the Administrator ID."""
        return self.enroll_code(invited.code, slug, key=key)

    def enroll_code(self, code: str, slug: str, *, key: str = "p256") -> AdministratorRig:
        """The same with what the letter carries."""
        about = About("set-up", slug, "administrator", "new")
        private_key = make_key(key)
        csr = read_csr(make_csr(["administrator.test"], private_key).encode())
        intent_id = perform(self.house, SYSTEM, about, enroll_administrator, code, csr)
        [done] = complete_batch(self.house, self.keys, [intent_id]).values()
        assert done.ok, done
        with self.house.database.read(self.clock()) as tx:
            owner = certificates.intents_of(tx, [intent_id])[intent_id].administrator_id
            person = administrators.get(tx, AdministratorId(owner or ""))
            assert person is not None
            credential = administrators.credentials_of(tx, person.id)[-1]
        enrolled = AdministratorRig(person, credential.certificate_der, private_key, slug)
        self._remember(enrolled)
        return enrolled

    def _remember(self, person: AdministratorRig) -> None:
        self.enrolled.append(person)
        self.signers[person.administrator.id] = lambda content: self.sign(content, person)

    def assign(
        self,
        person: AdministratorRig,
        role: Role,
        *,
        by: AdministratorRig,
        department: DepartmentId | None = None,
        change: str = "give",
    ) -> AdministratorRig:
        """Give a role, or take it: ``by`` proposes it, others sign until it holds; returns the person as he now is."""
        self.give(person.administrator, role, by=by.administrator, slug=by.organization, department=department, change=change)
        return self.renewed(person)

    def give(
        self,
        person: Administrator,
        role: Role,
        *,
        by: Administrator,
        slug: str,
        department: DepartmentId | None = None,
        change: str = "give",
    ) -> None:
        """The same for anybody that this rig knows; whoever signs is one of ``signers``."""
        change_id, content = self.role_change(person, role, slug, department=department, change=change)
        self.carry(change_id, content, person, by=by, slug=slug)

    def carry(self, change_id: str, content: bytes, person: Administrator, *, by: Administrator, slug: str) -> None:
        """Have a change of somebody's roles proposed by ``by`` and signed by others that this rig knows, until it holds."""
        about, actor = About("propose-change", slug, "change", change_id), administrator_actor(by, "", "")
        signed = self.signers[by.id](self.change_statement(change_id, content, slug, by.id))
        answered = perform(self.house, actor, about, propose_change, slug, content, signed)
        with self.house.database.read(self.clock()) as tx:
            holders = holders_of(tx, side_of(tx, slug), ChangeKind.ROLE, person.id)
            others = [item.person.id for item in holders if item.hindrance is None and item.person.id != by.id]
        for signer in others:
            if answered.change.state is ChangeState.OPEN and signer in self.signers:
                given = self.signers[signer](self.change_statement(change_id, content, slug, signer))
                answered = perform(self.house, actor, about, answer_change, slug, ChangeId(change_id), given)
        assert answered.change.state is ChangeState.APPLIED, answered

    def role_change(
        self, person: Administrator, role: Role, slug: str, *, department: DepartmentId | None = None, change: str = "give"
    ) -> tuple[str, bytes]:
        """The id and the content of a change of somebody's roles, as it is proposed now."""
        return self.role_decision(RoleChange(person.id, role, department, gives=change == "give"), slug)

    def role_decision(self, decision: RoleChange | Removal, slug: str) -> tuple[str, bytes]:
        """The same for any decision about a person."""
        subject = decision.administrator_id
        with self.house.database.read(self.clock()) as tx:
            needed = needed_now(self.house, tx, side_of(tx, slug), ChangeKind.ROLE, subject)
            base = assignments.steps_of(tx, subject)
        value = role_content(decision)
        return f"chg-{os.urandom(16).hex()}", canonical_bytes(change_content(ChangeKind.ROLE, subject, base, needed, value))

    def change_statement(self, change_id: str, content: bytes, slug: str, signer: str) -> bytes:
        """What somebody signs to say yes to a change."""
        statement = Change(
            service=self.settings.service_id,
            organization=slug or "provider",
            expires=utc_text(self.clock() + timedelta(days=6)),
            change=change_id,
            kind=ChangeKind.ROLE.value,
            content_sha256=hashes_hex(content),
            signer=signer,
            decision="sign",
            reason="",
        )
        return statement.to_bytes()

    def renewed(self, person: AdministratorRig) -> AdministratorRig:
        """The person as the register has him now."""
        with self.house.database.read(self.clock()) as tx:
            found = administrators.get(tx, person.administrator.id)
        assert found is not None
        return replace(person, administrator=found)

    def remove(self, person: AdministratorRig, *, by: AdministratorRig) -> None:
        """Remove a person: ``by`` proposes it, others who can sign do until it holds."""
        change_id, content = self.role_decision(Removal(person.administrator.id), by.organization)
        self.carry(change_id, content, person.administrator, by=by.administrator, slug=by.organization)

    def department(self, by: AdministratorRig, name: str, parent: DepartmentId | None = None, *, cost_center: str = "") -> Department:
        """Add a department."""
        about = About("create-department", by.organization, "department", "new")
        return perform(self.house, by.actor, about, create_department, by.organization, name, parent, cost_center)

    def raw_submission(self, csr: str, **changes: object) -> RawSubmission:
        """A submission as Dana would send it."""
        values: dict[str, object] = {
            "csr": csr,
            "policy": "tls-server",
            "lifetime_days": 365,
            "endpoints": ("web-server:www",),
            "contact_name": "Dana Scully",
            "contact_email": "dana@resource-marketing.test",
            "phrase": PHRASE,
            "server_platform": "nginx",
            "comment": "",
        }
        return RawSubmission(**{**values, **changes})  # type: ignore[arg-type] # tests pass what a caller from outside may

    def submit(self, slug: str, csr: str, *, actor: Actor | None = None, **changes: object) -> Request:
        """Submit as an API client of the organization, so that the request is pending at once."""
        about = About("submit-request", slug, "request", "new")
        sender = actor or self.machine(slug)
        submission = attempt(self.house, sender, about, lambda: read_submission(self.raw_submission(csr, **changes), os.urandom))
        return perform(self.house, sender, about, submit_request, slug, submission).request

    def machine(self, slug: str) -> Actor:
        """An API client of an organization."""
        with self.house.database.read(self.clock()) as tx:
            organization_id: OrganizationId = organizations.require(tx, slug).id
        return Actor(ActorKind.API_TOKEN, "tok-test", organization_id, permissions=PERMISSIONS[Role.CERTIFICATE_ADMINISTRATOR])

    def approval_content(self, request: Request, admin: AdministratorRig, *, life: timedelta = timedelta(minutes=10)) -> bytes:
        """The bytes that this administrator signs to approve."""
        with self.house.database.read(self.clock()) as tx:
            policy, _ = policies.get(tx, request.policy_id, request.policy_version)
        fields = approval_fields(
            request,
            policy,
            service=self.settings.service_id,
            organization=admin.organization,
            approver=admin.administrator.id,
            expires=utc_text(self.clock() + life),
        )
        return canonical_bytes(fields)

    def sign(self, content: bytes, admin: AdministratorRig) -> bytes:
        """CMS over any content by this administrator."""
        assert not isinstance(admin.key, ed25519.Ed25519PrivateKey)
        return sign_attached(content, admin.certificate_der, admin.key, now=self.clock())

    def approve(self, request: Request, admin: AdministratorRig) -> Approved:
        """Sign and hand in an approval."""
        signature = self.sign(self.approval_content(request, admin), admin)
        about = About("approve-request", admin.organization, "request", request.id)
        return perform(self.house, admin.actor, about, approve_request, admin.organization, request.id, signature)

    def prepare_and_complete(self, *request_ids: RequestId) -> list[CompletedIntent]:
        """What the entrance and the issuer do after the last approval."""
        about = About("prepare-certificate", "", "request", "batch")
        prepared = perform(self.house, SYSTEM, about, prepare_certificates, request_ids)
        assert not prepared.failures, prepared.failures
        return list(complete_batch(self.house, self.keys, [intent.id for intent in prepared.intents]).values())

    def issue(self, slug: str, admin: AdministratorRig, names: Sequence[str], key: SubjectKey | None = None) -> Certificate:
        """The whole way of one certificate."""
        request = self.submit(slug, make_csr(names, key or make_key()))
        self.approve(request, admin)
        results = self.prepare_and_complete(request.id)
        assert [result.ok for result in results] == [True], results
        certificate = self.certificate_of(request)
        assert certificate is not None
        return certificate

    def create_units(self, slug: str, quantity: int) -> None:
        """Order more standard units."""
        perform(self.house, OPERATOR, About("place-order", slug, "order", "new"), place_order, slug, UnitTier.STANDARD, quantity, "PO 2")

    def reissue(self, slug: str, serial_hex: str, csr: str) -> Request:
        """Ask for a reissue as an API client of the organization."""
        about = About("reissue-certificate", slug, "certificate", serial_hex)
        read = attempt(self.house, SYSTEM, about, lambda: read_csr(csr.encode()))
        return perform(self.house, self.machine(slug), about, reissue_certificate, slug, serial_hex, read, None)

    def certificate_of(self, request: Request) -> Certificate | None:
        """The certificate of a request or None."""
        with self.house.database.read(self.clock()) as tx:
            return certificates.of_request(tx, request.id)

    def request(self, request: Request) -> Request:
        """The request as it stands now."""
        with self.house.database.read(self.clock()) as tx:
            found = requests.get(tx, request.organization_id, request.id)
        assert found is not None
        return found
