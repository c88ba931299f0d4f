"""What callers send, as far as its form goes. Lengths here only bound the work; what a text may say, actions decide.

Free texts may be much longer here than actions keep, so that a key pasted into any of them is still recognized.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from privyseal.model.administrator import Role, TokenScope
from privyseal.model.domain import DomainEnd, ValidationMethod
from privyseal.model.policy import Lint
from privyseal.model.profile import KeyAlgorithm
from privyseal.model.rules import Tier
from privyseal.model.unit import UnitTier

Text = Annotated[str, Field(max_length=16 * 1024)]
Pem = Annotated[str, Field(max_length=64 * 1024)]
Number = Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)]
MAXIMUM_APPROVALS = 40
"""Approvals in one call: with signatures of 2048-bit RSA so many fit into the largest body."""

CSR_EXAMPLE = "-----BEGIN CERTIFICATE REQUEST-----\nMIHz...\n-----END CERTIFICATE REQUEST-----\n"


class Body(BaseModel):
    """A JSON object; fields that are not named are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NoBody(Body):
    """Nothing: the address says everything."""


class RequestBody(Body):
    """A request for a certificate."""

    csr: Pem = Field(description="The CSR (PKCS #10) in PEM.", examples=[CSR_EXAMPLE])
    policy: Text = Field(description="Name of a policy of the organization.", examples=["tls-server"])
    lifetime_days: Number = Field(description="Life in days, one of those the policy allows.", examples=[365])
    endpoints: Annotated[list[Text], Field(max_length=1000)] = Field(
        description="The servers that will use the certificate, each `kind:address` or an address.",
        examples=[["web-server:www.example.test"]],
    )
    contact_name: Text = Field(description="The person who is told about the certificate.", examples=["Dana Scully"])
    contact_email: Text = Field(description="The address of that person.", examples=["dana@example.test"])
    phrase: Text = Field(description="Challenge phrase, needed to pick up, revoke and reissue.", examples=["blue kettle 9"])
    server_platform: Text = Field(default="", description="Software of the server, for the installation steps.", examples=["nginx"])
    comment: Text = Field(default="", description="A note for the administrator who decides.")
    department: Text = Field(default="", description="Id of the department that it is for; empty for the organization itself.")
    custom_fields: Annotated[dict[Annotated[str, Field(max_length=64)], Text], Field(max_length=100)] = Field(
        default={}, description="The policy's own fields: what is filled in, by the name of the field.", examples=[{"cost-center": "4711"}]
    )


class CodeBody(Body):
    """A one-time code."""

    code: Annotated[str, Field(max_length=200)] = Field(description="The code from the mail.")


class RenewalBody(Body):
    """The key of the next Administrator ID, and what its owner signed."""

    csr: Pem = Field(description="A CSR (PKCS #10) in PEM for the new key; only the key is read.", examples=[CSR_EXAMPLE])
    signature: Text = Field(description="CMS over the canonical bytes of a `privyseal.renewal.v1`, in base64.")


class ChallengeBody(Body):
    """A program that wants to sign in."""

    audience: Text = Field(description="Short name of the organization, or `provider`.", examples=["resource-marketing"])
    program_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] = Field(
        description="SHA-256, in hex, of a random secret of the program that it shows when it signs in."
    )


class SignInBody(Body):
    """A signed sign-in."""

    audience: Text = Field(description="As for the challenge.", examples=["resource-marketing"])
    program: Annotated[str, Field(max_length=200)] = Field(description="The secret whose SHA-256 the challenge was asked with.")
    signature: Text = Field(description="CMS over the canonical bytes of a `privyseal.sign-in.v1`, in base64.")


class PhraseBody(Body):
    """Proof of being the subscriber."""

    phrase: Annotated[str, Field(max_length=1000)] = Field(description="The challenge phrase of the request.", examples=["blue kettle 9"])


class QuestionBody(Body):
    """A question to the contact of a request."""

    question: Text = Field(description="One line, which the contact reads in a mail.", examples=["Which team runs this server?"])


class AnswerBody(Body):
    """The answer of the contact."""

    phrase: Annotated[str, Field(max_length=1000)] = Field(description="The challenge phrase of the request.", examples=["blue kettle 9"])
    answer: Text = Field(description="One line, which the administrators read.", examples=["The web team, on floor 2."])


class ReleaseBody(Body):
    """Nothing: the address says everything."""


class ProposalBody(Body):
    """A change that somebody proposes."""

    content: Annotated[str, Field(max_length=64 * 1024)] = Field(
        description="The canonical content (RFC 8785) whose SHA-256 was signed: type, kind, subject, base, quorum, value.",
        examples=['{"base":1,"kind":"policy",...}'],
    )
    signature: Annotated[str, Field(max_length=96 * 1024)] = Field(
        description="CMS SignedData over a `privyseal.change.v1` with the decision `sign`, attached, DER in base64 (or PEM).",
        examples=["MIIG..."],
    )


class SignatureBody(Body):
    """A signed decision."""

    signature: Annotated[str, Field(max_length=96 * 1024)] = Field(
        description="CMS SignedData over the statement, attached, DER in base64 (or PEM): `openssl cms -sign -binary -nodetach`.",
        examples=["MIIG..."],
    )


class RequestSignature(Body):
    """A signed decision and what it is about."""

    request: Annotated[str, Field(pattern=r"^req-[0-9a-f]{32}$")] = Field(description="Id of the request.", examples=[f"req-{'0' * 32}"])
    signature: Annotated[str, Field(max_length=96 * 1024)] = Field(description="CMS, as for one approval.", examples=["MIIG..."])


class ApprovalsBody(Body):
    """Approvals of several requests, each signed on its own."""

    approvals: Annotated[list[RequestSignature], Field(min_length=1, max_length=MAXIMUM_APPROVALS)]


class RevocationBody(Body):
    """Either a signed `privyseal.revocation.v1`, or the challenge phrase with a reason."""

    signature: Annotated[str, Field(max_length=96 * 1024)] | None = Field(default=None, description="CMS, as for approvals.")
    phrase: Annotated[str, Field(max_length=1000)] | None = Field(default=None, description="The challenge phrase.")
    reason: Annotated[str, Field(max_length=64)] = Field(
        default="unspecified", description="With a phrase: a CRL reason.", examples=["keyCompromise"]
    )
    comment: Text = Field(default="", description="With a phrase: a note; it is not kept.")


class ReissueBody(Body):
    """The same certificate with a new key."""

    csr: Pem = Field(description="The CSR of the new key, with exactly the same names.", examples=[CSR_EXAMPLE])
    phrase: Annotated[str, Field(max_length=1000)] | None = Field(
        default=None, description="The challenge phrase; not needed with the right to submit."
    )


class ServersBody(Body):
    """The servers that use a certificate from now on."""

    endpoints: Annotated[list[Text], Field(max_length=1000)] = Field(
        description="All of them, each `kind:address` or an address.", examples=[["web-server:www.example.test"]]
    )
    known: Number = Field(description="The `server_changes` of the certificate that the change is made from.", examples=[0])


class CheckBody(Body):
    """What a check from outside found."""

    endpoint: Text = Field(description="Host and port that were looked at.", examples=["www.example.test:443"])
    verdict: Annotated[str, Field(max_length=64)] = Field(description="The verdict of `seal certificate check`.", examples=["ok"])
    handshake_ms: Number = Field(default=0, description="Time of the TLS handshake in milliseconds.")


class EnrollBody(Body):
    """A one-time code and the key that it is used for."""

    code: Annotated[str, Field(max_length=200)] = Field(description="The one-time code from the invitation.")
    csr: Pem = Field(description="A CSR of a key made on the person's own computer; only its key is read.", examples=[CSR_EXAMPLE])


class InvitationBody(Body):
    """The first administrator of an organization."""

    name: Text = Field(description="Full name.", examples=["Walter Skinner"])
    email: Text = Field(description="Address; the one-time code goes there.", examples=["walter@example.test"])
    role: Role = Field(description="What the person may do.")


class CredentialRevocationBody(Body):
    """Why an Administrator ID is revoked."""

    reason: Annotated[str, Field(max_length=64)] = Field(default="unspecified", description="A CRL reason.")


class TokenBody(Body):
    """An API token to be made."""

    name: Text = Field(description="What the token is for.", examples=["deployment"])
    scopes: list[TokenScope] = Field(description="What it may do.", max_length=10)
    days: Number = Field(description="How long it works.", examples=[90])


class OrganizationBody(Body):
    """An organization that applies, as its certificates will name it."""

    slug: Text = Field(description="Short name in addresses.", examples=["resource-marketing"])
    name: Text = Field(description="Legal name.", examples=["Resource Marketing, Inc."])
    country: Text = Field(description="Two-letter code.", examples=["US"])
    state_or_province: Text = Field(default="", description="State or province, spelled out.", examples=["Kentucky"])
    locality: Text = Field(default="", description="City.", examples=["Fort Thomas"])
    contact_email: Text = Field(description="Corporate contact.", examples=["contact@resource-marketing.test"])


class DomainBody(Body):
    """A domain to be registered."""

    name: Text = Field(description="The domain; every name under it is covered.", examples=["resource-marketing.test"])


class ValidationBody(Body):
    """How control over a domain is looked up."""

    method: ValidationMethod = Field(description="What was published, and where it is looked up.")


class DomainLetterBody(Body):
    """Who is asked whether the organization controls the domain."""

    address: Text = Field(description="One of the domain's `mail`.", examples=["hostmaster@resource-marketing.test"])


class RemovalBody(Body):
    """Why a domain is removed."""

    reason: DomainEnd = Field(description="Why.")


class OrderBody(Body):
    """An order of units."""

    tier: UnitTier = Field(default=UnitTier.STANDARD, description="What the units buy.")
    quantity: Number = Field(description="How many units.", examples=[5])
    purchase_order: Text = Field(default="", description="The customer's number of the order.", examples=["PO 4711"])


class PolicyBody(Body):
    """A policy, or a new version of the one of this name."""

    name: Text = Field(default="tls-server", description="Name of the policy.")
    lifetimes_days: Annotated[list[Number], Field(max_length=50)] = Field(
        default=[90, 365, 397], description="Lives that may be asked for."
    )
    key_algorithms: Annotated[list[KeyAlgorithm], Field(max_length=10)] = Field(
        default=[KeyAlgorithm.RSA, KeyAlgorithm.P256, KeyAlgorithm.P384, KeyAlgorithm.P521], description="Keys that may be certified."
    )
    unit_tier: UnitTier = Field(default=UnitTier.STANDARD, description="The unit that a certificate uses.")
    tier: Tier = Field(default=Tier.PRIVATE, description="Rules that apply.")
    approvals: Number = Field(default=1, description="How many administrators approve each request.")
    lint: Lint = Field(default=Lint.EACH, description="How certificates are linted before they are signed.")
    max_endpoints: Number = Field(default=20, description="On how many servers one certificate may be used.")
    open_enrollment: Annotated[bool, Field(strict=True)] = Field(default=True, description="Accept requests from people without a token.")
