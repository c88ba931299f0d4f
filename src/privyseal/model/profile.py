"""A certificate profile: which fields and extensions a certificate of one kind carries, as versioned data.

A profile says what is *fixed*; the variable fields (serial, dates, subject, names, key) come from the request, the
vetted record and the policy. The engine compiles a profile and an issuer into a DER template.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class KeyUsage(enum.Enum):
    """RFC 5280 4.2.1.3, the bits a subscriber profile may set. keyCertSign and cRLSign are missing on purpose."""

    DIGITAL_SIGNATURE = "digitalSignature"
    CONTENT_COMMITMENT = "contentCommitment"
    KEY_ENCIPHERMENT = "keyEncipherment"
    DATA_ENCIPHERMENT = "dataEncipherment"
    KEY_AGREEMENT = "keyAgreement"


class KeyPurpose(enum.Enum):
    """RFC 5280 4.2.1.12, the purposes a subscriber profile may name. anyExtendedKeyUsage is missing on purpose."""

    SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
    CLIENT_AUTH = "1.3.6.1.5.5.7.3.2"
    EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.4"


class KeyAlgorithm(enum.Enum):
    """Kinds of subject keys, each with the sizes or curve that name fixes."""

    RSA = "rsa"
    P256 = "p256"
    P384 = "p384"
    P521 = "p521"
    ED25519 = "ed25519"

    @property
    def title(self) -> str:
        """The name that people know it by."""
        return {"rsa": "RSA", "ed25519": "Ed25519"}.get(self.value) or f"ECDSA P-{self.value[1:]}"


class SubjectField(enum.Enum):
    """Subject attributes in the order in which they are encoded; the value comes from the vetted record."""

    COUNTRY = "2.5.4.6"
    STATE = "2.5.4.8"
    LOCALITY = "2.5.4.7"
    ORGANIZATION = "2.5.4.10"
    UNIT = "2.5.4.11"
    TITLE = "2.5.4.12"
    USER_ID = "0.9.2342.19200300.100.1.1"
    COMMON_NAME = "2.5.4.3"


class NameKind(enum.Enum):
    """Kinds of subject alternative names a profile may carry."""

    DNS = "dns"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Profile:
    """One version of a profile.

    ``lint`` names the linter's rule set: ``pkix`` (RFC 5280), ``tls-br`` (CA/Browser Forum server certificates) or ``smime-br``
    (CA/Browser Forum certificates for mail).
    ``rsa_key_usage`` and ``ec_key_usage`` differ because keyEncipherment means nothing for an EC key (RFC 8813 3).
    """

    id: str
    version: int
    subject: tuple[SubjectField, ...]
    name_kinds: tuple[NameKind, ...]
    rsa_key_usage: tuple[KeyUsage, ...]
    ec_key_usage: tuple[KeyUsage, ...]
    key_purposes: tuple[KeyPurpose, ...]
    key_algorithms: tuple[KeyAlgorithm, ...]
    policy_oids: tuple[str, ...]
    lint: str
    max_names: int = 100


TLS_SERVER = Profile(
    id="tls-server",
    version=1,
    subject=(
        SubjectField.COUNTRY,
        SubjectField.STATE,
        SubjectField.LOCALITY,
        SubjectField.ORGANIZATION,
        SubjectField.COMMON_NAME,
    ),
    name_kinds=(NameKind.DNS,),
    rsa_key_usage=(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_ENCIPHERMENT),
    ec_key_usage=(KeyUsage.DIGITAL_SIGNATURE,),
    key_purposes=(KeyPurpose.SERVER_AUTH,),
    key_algorithms=(KeyAlgorithm.RSA, KeyAlgorithm.P256, KeyAlgorithm.P384, KeyAlgorithm.P521, KeyAlgorithm.ED25519),
    policy_oids=(),  # A provider names its own; an OID of somebody else, or of the UUID arc that linters refuse, is none.
    lint="pkix",
)
"""Server certificates of the private tier (requirements A50, A51, A53)."""

TLS_SERVER_BR = Profile(
    id="tls-server-br",
    version=1,
    subject=TLS_SERVER.subject,
    name_kinds=(NameKind.DNS,),
    rsa_key_usage=TLS_SERVER.rsa_key_usage,
    ec_key_usage=TLS_SERVER.ec_key_usage,
    key_purposes=(KeyPurpose.SERVER_AUTH,),
    key_algorithms=(KeyAlgorithm.RSA, KeyAlgorithm.P256, KeyAlgorithm.P384, KeyAlgorithm.P521),
    policy_oids=("2.23.140.1.2.2",),  # TLS BR 7.1.6.1, organization validated: the linter's rules hang on it.
    lint="tls-br",
)
"""Server certificates as the CA/Browser Forum's TLS Baseline Requirements want them, under a CA that no browser knows yet."""

TLS_CLIENT = Profile(
    id="tls-client",
    version=1,
    subject=TLS_SERVER.subject,
    name_kinds=(NameKind.DNS,),
    rsa_key_usage=(KeyUsage.DIGITAL_SIGNATURE,),
    ec_key_usage=(KeyUsage.DIGITAL_SIGNATURE,),
    key_purposes=(KeyPurpose.CLIENT_AUTH,),
    key_algorithms=TLS_SERVER.key_algorithms,
    policy_oids=(),
    lint="pkix",
)
"""Certificates with which machines show who they are to other machines (RFC 5246 7.4.6, RFC 8446 4.4.2)."""

SMIME_STRICT = Profile(
    id="smime-strict",
    version=1,
    subject=(),  # S/MIME BR 7.1.4.2: what is validated is the mailbox, which stands in the subject alternative name.
    name_kinds=(NameKind.EMAIL,),
    rsa_key_usage=(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_ENCIPHERMENT),
    ec_key_usage=(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_AGREEMENT),
    key_purposes=(KeyPurpose.EMAIL_PROTECTION,),
    key_algorithms=(KeyAlgorithm.RSA, KeyAlgorithm.P256, KeyAlgorithm.P384),
    policy_oids=("2.23.140.1.5.1.3",),  # S/MIME BR 7.1.6.1, mailbox validated, strict.
    lint="smime-br",
)
"""Certificates for mail, mailbox validated, of the strict generation: for mail and nothing else."""

SMIME_MULTIPURPOSE = Profile(
    id="smime-multipurpose",
    version=1,
    subject=SMIME_STRICT.subject,
    name_kinds=SMIME_STRICT.name_kinds,
    rsa_key_usage=SMIME_STRICT.rsa_key_usage,
    ec_key_usage=SMIME_STRICT.ec_key_usage,
    key_purposes=(KeyPurpose.CLIENT_AUTH, KeyPurpose.EMAIL_PROTECTION),
    key_algorithms=SMIME_STRICT.key_algorithms,
    policy_oids=("2.23.140.1.5.1.2",),  # S/MIME BR 7.1.6.1, mailbox validated, multipurpose.
    lint="smime-br",
)
"""Certificates for mail, mailbox validated, of the multipurpose generation: also to sign in with."""

ADMINISTRATOR_ID = Profile(
    id="administrator-id",
    version=2,
    subject=(
        SubjectField.COUNTRY,
        SubjectField.ORGANIZATION,
        SubjectField.UNIT,
        SubjectField.TITLE,
        SubjectField.USER_ID,
        SubjectField.COMMON_NAME,
    ),
    name_kinds=(NameKind.EMAIL,),
    rsa_key_usage=(KeyUsage.DIGITAL_SIGNATURE,),
    ec_key_usage=(KeyUsage.DIGITAL_SIGNATURE,),
    key_purposes=(KeyPurpose.CLIENT_AUTH,),
    key_algorithms=(KeyAlgorithm.RSA, KeyAlgorithm.P256, KeyAlgorithm.P384),
    policy_oids=(),
    lint="pkix",
)
"""Administrator IDs, issued by the administrators' CA alone (requirements A39).

Unit, title and user id are the short name of the organization, the role and the id of the administrator: what the issuer
verified when it signed is then never taken from the database alone. Version 1 had none of the three.
"""

ADMINISTRATOR_PASSKEY = Profile(
    id="administrator-passkey",
    version=1,
    subject=ADMINISTRATOR_ID.subject,
    name_kinds=ADMINISTRATOR_ID.name_kinds,
    rsa_key_usage=(KeyUsage.DIGITAL_SIGNATURE,),
    ec_key_usage=(KeyUsage.DIGITAL_SIGNATURE,),
    # No purpose: the key signs what WebAuthn lets it sign, neither TLS nor CMS. This alone tells a passkey's certificate
    # from an Administrator ID, so it stands under the CA's signature and in no column that somebody could change.
    key_purposes=(),
    key_algorithms=(KeyAlgorithm.RSA, KeyAlgorithm.P256),
    policy_oids=(),
    lint="pkix",
)
"""Passkeys of administrators, issued by the administrators' CA alone (docs/decisions/0013)."""

SUBSCRIBER_PROFILES = {
    (profile.id, profile.version): profile for profile in (TLS_SERVER, TLS_SERVER_BR, TLS_CLIENT, SMIME_STRICT, SMIME_MULTIPURPOSE)
}
"""What policies of organizations issue by."""

PROFILES = SUBSCRIBER_PROFILES | {(profile.id, profile.version): profile for profile in (ADMINISTRATOR_ID, ADMINISTRATOR_PASSKEY)}
