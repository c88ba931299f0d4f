"""What the service answers, as JSON objects; OpenAPI and docs/reference/rest.md are made of these.

Times are RFC 3339 in UTC with whole seconds. A field that does not apply is left out.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Time = Annotated[str, Field(examples=["2026-11-22T01:02:03Z"])]
RequestStates = Literal["unconfirmed", "pending", "held", "rejected", "withdrawn", "lapsed", "approved", "issuing", "issued", "failed"]


class Document(BaseModel):
    """Base of the answers."""

    model_config = ConfigDict(frozen=True)


class Problem(Document):
    """RFC 9457: what went wrong. `kind` is for programs, `detail` for people."""

    type: str = Field(examples=["urn:privyseal:problem:not-found"])
    title: str = Field(examples=["Not found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is no such request in your organization."])
    kind: str = Field(examples=["not-found"])
    field: str | None = Field(default=None, description="What the sentence is about.")


class Page(Document):
    """A page of a list; `next` is the `after` of the following one, or empty at the end."""

    next: str = ""


class Contact(Document):
    """A person to be told."""

    name: str
    email: str


class ServiceDocument(Document):
    """What the service says of itself. `log_keys` has the verifier keys of the logs that the caller may read."""

    service: str = Field(description="The id that signed statements name.")
    version: str
    base_url: str
    administrator_url: str
    status_url: str
    root_pem: str
    issuing_pem: str
    administrators_ca_pem: str
    log_keys: dict[str, str]


class CustomFieldDocument(Document):
    """A field that the organization adds to its requests; `max_length` in characters."""

    name: str
    label: str
    required: bool
    pattern: Literal["text", "digits", "code", "email"]
    max_length: int


class PublicPolicy(Document):
    """What a requester needs to know of a policy."""

    name: str
    version: int
    lifetimes_days: list[int]
    key_algorithms: list[str]
    unit_tier: str
    open_enrollment: bool
    max_endpoints: int
    custom_fields: list[CustomFieldDocument] = Field(description="The policy's own fields, filled in with a request.")


class PublicOrganization(Document):
    """What everybody may know of an active organization."""

    slug: str
    name: str
    domains: list[str] = Field(description="Domains whose validation holds now.")
    policies: list[PublicPolicy]
    contact: str
    log_key: str = Field(description="Verifier key of the organization's audit log.")
    trial_until: Time | None = Field(default=None, description="End of a trial, whose certificates nobody trusts; absent otherwise.")


class PolicyDocument(PublicPolicy):
    """A whole policy version."""

    id: str
    sha256: str
    tier: str
    approvals: int
    lint: str
    created_at: Time


class PolicyVersion(Document):
    """A version with its content. `meaning` is the same in the newest form, `change` the change that it came by, if any."""

    id: str
    name: str
    version: int
    sha256: str
    change: str | None = None
    created_at: Time
    content: dict[str, Any]
    meaning: dict[str, Any]


class PolicyVersions(Document):
    """Versions of policies. `presets` say by name where somebody may begin who makes a policy."""

    items: list[PolicyVersion]
    presets: dict[str, dict[str, Any]]


class SignerDocument(Document):
    """What somebody said to a change; `counts` tells whether a signature counts now."""

    administrator: str
    name: str
    decision: Literal["sign", "refuse", "withdraw"]
    counts: bool
    at: Time


class DifferenceDocument(Document):
    """A field that would be another one; `before` is left out where there was no version before."""

    field: str
    before: Any = None
    after: Any = None


class HinderedDocument(Document):
    """Somebody who counts for how many have to sign, and cannot sign now: `why` is what became of the newest credential."""

    administrator: str
    name: str
    why: Literal["revoked", "expired"]


class ChangeDocument(Document):
    """A change under dual control. `content` are the canonical bytes whose SHA-256 everybody signs.

    Whoever stands in `cannot_sign` counts nevertheless: renew or replace that credential, or remove the person.
    """

    id: str
    kind: str
    subject: str
    base: int
    state: Literal["open", "applied", "refused", "withdrawn", "overtaken", "expired"]
    reason: str
    proposer: str
    proposer_name: str
    signatures_needed: int
    signatures_missing: int
    cannot_sign: list[HinderedDocument]
    answers: list[SignerDocument]
    created_at: Time
    expires_at: Time
    closed_at: Time | None = None
    content: str
    content_sha256: str
    differences: list[DifferenceDocument]


class ChangePage(Page):
    """Changes; `signatures_needed` has for each kind how many people sign a change that is proposed now."""

    items: list[ChangeDocument]
    signatures_needed: dict[str, int]


class AuthorityDocument(Document):
    """A CA. `issues` is false while it is paused, `version` how often that was decided, `reason` and `since` are of the last time."""

    slug: str
    certificate_sha256: str
    pausable: bool
    issues: bool
    version: int
    reason: str
    since: Time | None = None


class AuthorityList(Document):
    """Every CA of the service."""

    items: list[AuthorityDocument]


class PolicyReference(Document):
    """The policy version that a request was made under, as an approval names it."""

    id: str
    name: str
    version: int
    sha256: str


class KeyDocument(Document):
    """Kind and size of a key."""

    algorithm: str
    bits: int


class Requester(Document):
    """Who sent a request: nobody known (`requester`), an API token, an administrator."""

    kind: str
    id: str


class ApprovalDocument(Document):
    """One signed approval."""

    administrator: str
    at: Time
    content_sha256: str


class QuestionDocument(Document):
    """A question of an administrator to the contact; `answer` and `answered_at` are there once the contact has answered."""

    administrator: str
    question: str
    asked_at: Time
    answer: str | None = None
    answered_at: Time | None = None


class FilledInDocument(Document):
    """What was filled into one of the policy's own fields."""

    name: str
    label: str
    value: str


class RequestDocument(Document):
    """Everything an administrator decides on; `subject` and `names` are in the order of the certificate."""

    id: str
    organization: str
    kind: Literal["new", "reissue"]
    state: RequestStates
    state_reason: str
    policy: PolicyReference
    subject: list[tuple[str, str]] = Field(description="Pairs of attribute OID and value.")
    names: list[str] = Field(examples=[["dns:www.example.test"]])
    spki_sha256: str
    key: KeyDocument
    csr: str
    lifetime_days: int
    endpoints: list[str]
    unit_tier: str
    contact: Contact
    server_platform: str
    comment: str
    warnings: list[str]
    requester: Requester
    replaces: str | None = Field(default=None, description="Reissue: serial of the certificate that is replaced.")
    department: str | None = Field(default=None, description="Id of the department it belongs to; none: the organization itself.")
    custom_fields: list[FilledInDocument] = Field(description="What was filled into the policy's own fields, in their order.")
    created_at: Time
    changed_at: Time
    approvals: list[ApprovalDocument]
    approvals_needed: int
    questions: list[QuestionDocument] = Field(description="Questions to the contact, the oldest first.")
    serial: str | None = Field(default=None, description="Serial of the certificate, once issued.")


class ShortRequest(Document):
    """What somebody without a credential learns."""

    id: str
    state: RequestStates
    state_reason: str
    names: list[str]
    created_at: Time


class ReceivedRequest(RequestDocument):
    """A request as it was received; `confirmation` tells whether a mail with a code was sent."""

    confirmation: Literal["mail", "not-needed"]


class ReceivedShortRequest(ShortRequest):
    """The same for somebody without a credential."""

    confirmation: Literal["mail", "not-needed"]


class RequestStatus(Document):
    """The subscriber's own look."""

    id: str
    state: RequestStates
    state_reason: str
    serial: str | None = None


class CertificateDocument(Document):
    """An issued certificate; `chain_pem` is the certificate first, then each issuer, without the root."""

    serial: str
    organization: str
    state: Literal["valid", "revoked", "expired"]
    common_name: str
    names: list[str]
    not_before: Time
    not_after: Time
    issued_at: Time
    revoked_at: Time | None = None
    revocation_reason: str | None = None
    sha256: str
    spki_sha256: str
    pem: str
    chain_pem: str
    request: str | None = None
    contact: Contact
    picked_up_at: Time | None = None
    replaces: str | None = Field(default=None, description="Serial of the certificate that it replaced.")
    department: str | None = Field(default=None, description="Id of the department it belongs to; none: the organization itself.")
    endpoints: list[str] = Field(
        description="The servers that use it now, each `kind:address`.", examples=[["web-server:www.example.test"]]
    )
    server_changes: int = Field(description="How often its servers were changed after it was issued; the next change says so.")


class ServerChangeDocument(Document):
    """A change of the servers: these have the certificate from then on."""

    number: int
    endpoints: list[str]
    at: Time
    administrator: str


class AuditEntry(Document):
    """One entry about the certificate or its request, as the log has it."""

    model_config = ConfigDict(frozen=True, extra="allow")

    time: Time
    action: str
    outcome: str


class CertificateHistory(CertificateDocument):
    """The same with everything that happened to it, from its request on, oldest first."""

    history: list[AuditEntry]
    servers: list[ServerChangeDocument] = Field(description="The changes of its servers, the oldest first: at most the last 200.")


class ShortCertificate(Document):
    """Just enough to go on with."""

    serial: str
    common_name: str
    not_before: Time
    not_after: Time
    sha256: str


class ApprovalResult(Document):
    """What became of an approval."""

    request: RequestDocument
    certificate: ShortCertificate | None = None
    approvals: int
    approvals_needed: int


class ApprovalOutcome(Document):
    """What became of one of several approvals: how many there are now, or the `problem` that it met."""

    request: str = Field(description="Id of the request.")
    state: RequestStates | None = Field(default=None, description="Of the request; left out when the organization has no such request.")
    state_reason: str = ""
    certificate: ShortCertificate | None = None
    approvals: int | None = None
    approvals_needed: int | None = None
    problem: Problem | None = None


class ApprovalOutcomes(Document):
    """What became of each approval, in the order in which they were handed in."""

    items: list[ApprovalOutcome]


class PickedUp(Document):
    """A certificate in every form a server wants."""

    serial: str
    certificate_pem: str
    chain_pem: str
    pkcs7_pem: str
    root_pem: str
    not_before: Time
    not_after: Time


class CheckResult(Document):
    """A recorded check."""

    serial: str
    endpoint: str
    verdict: str
    recorded: bool


class BalanceDocument(Document):
    """Units of one tier."""

    bought: int
    reserved: int
    used: int
    available: int


class UnitsDocument(Document):
    """Units of both tiers."""

    standard: BalanceDocument
    premium: BalanceDocument


class CredentialDocument(Document):
    """An Administrator ID, or a passkey with its owner's name for it."""

    sha256: str
    kind: Literal["administrator-id", "passkey"]
    label: str = ""
    not_after: Time
    revoked_at: Time | None = None


class HeldRole(Document):
    """A role that a person holds; `department` is left out for the whole organization."""

    role: str
    department: str | None = None


class AdministratorDocument(Document):
    """A person who may decide; `organization` is left out for the provider's own people."""

    id: str
    name: str
    email: str
    role: str
    state: str
    organization: str | None = None
    department: str | None = Field(default=None, description="Id of the department the person belongs to; none: the organization itself.")
    roles: list[HeldRole] = Field(description="What the person holds now; `role` is the one that the credential names.")
    credentials: list[CredentialDocument]


class EnrolledAdministrator(Document):
    """Who the new Administrator ID is for."""

    id: str
    name: str
    role: str
    organization: str | None = None


class Enrollment(Document):
    """A new Administrator ID."""

    administrator: EnrolledAdministrator
    certificate_pem: str
    chain_pem: str


class CreatedTokenDocument(Document):
    """A new API token; `token` is shown this once."""

    id: str
    name: str
    scopes: list[str]
    expires_at: Time
    token: str


class ChallengeDocument(Document):
    """What a program signs to sign in: 32 random bytes in hex."""

    challenge: str
    expires_at: Time


class SignInDocument(Document):
    """A sign-in of a program; `token` is shown this once and sent as `Authorization: Bearer pss_...`."""

    token: str
    expires_at: Time


class OrganizationDocument(Document):
    """The vetted record of an organization."""

    slug: str
    name: str
    country: str
    state_or_province: str
    locality: str
    contact_email: str
    state: str
    created_at: Time
    vetted_at: Time | None = None
    trial_until: Time | None = None


class DnsRecord(Document):
    """The record to publish."""

    name: str
    type: Literal["TXT"]
    value: str


class HttpToken(Document):
    """The file to serve."""

    url: str
    body: str


class DomainDocument(Document):
    """A registered domain and how control over it is shown."""

    name: str
    token: str
    dns_record: DnsRecord
    http: HttpToken
    dns_persistent: DnsRecord = Field(description="The record that may stay: it is looked up again without being published anew.")
    mail: list[str] = Field(description="Addresses at one of which control may be shown by mail.")
    caa_record: str = Field(description="What a CAA record says so that this provider may issue to this organization alone.")
    method: str | None = None
    validation: str | None = Field(default=None, description="Id of the evidence that certificates are issued on now.")
    validated_at: Time | None = None
    expires_at: Time | None = None
    expires_public_at: Time | None = Field(default=None, description="The same under policies of the public tier.")
    removed_at: Time | None = None
    removal_reason: str | None = None


class DomainLetterDocument(Document):
    """A letter that asks whether the organization controls a domain; its value is in the letter alone."""

    id: str
    address: str
    sent_at: Time
    expires_at: Time


class ConfirmedDomain(Document):
    """What whoever got the letter confirmed."""

    name: str
    validated_at: Time


class ValidationDocument(Document):
    """Evidence of control over a domain, kept for good."""

    id: str
    domain: str
    method: str
    validated_at: Time
    sha256: str = Field(description="SHA-256 of the evidence; the entry of the audit log names it.")
    evidence: dict[str, Any] = Field(description="What was asked, where, and what was answered.")


class OrderDocument(Document):
    """An order of units."""

    id: str
    tier: str
    quantity: int
    purchase_order: str
    created_at: Time


class OrderResult(Document):
    """An order and what the organization has now."""

    order: OrderDocument
    balance: BalanceDocument


class RequestPage(Page):
    """Requests, oldest first."""

    items: list[RequestDocument]


class CertificatePage(Page):
    """Certificates, newest first."""

    items: list[CertificateDocument]


class AdministratorPage(Page):
    """Administrators by name."""

    items: list[AdministratorDocument]


class OrganizationPage(Page):
    """Organizations by short name."""

    items: list[OrganizationDocument]


class DomainPage(Page):
    """Domains by name."""

    items: list[DomainDocument]


class ValidationPage(Page):
    """Validations of a domain, the newest first."""

    items: list[ValidationDocument]


class IssuedOn(Document):
    """A certificate that was issued on a validation."""

    id: str
    organization: str
    serial: str
    state: str
    common_name: str
    issued_at: Time
    not_after: Time


class IssuedOnPage(Page):
    """Certificates issued on a validation, the oldest first."""

    items: list[IssuedOn]
