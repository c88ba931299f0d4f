"""A certification authority as the service uses it: its certificate, its compiled templates, no key.

The key is only in the issuer process; everything here is public.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from cryptography import x509
from cryptography.x509.oid import NameOID

from privyseal.engine import der
from privyseal.engine.certificate import Issuer
from privyseal.engine.certificate_template import CertificateTemplate, compile_template
from privyseal.engine.lint import Linter
from privyseal.model.errors import PrivysealError, Refused
from privyseal.model.identifiers import AuthorityId
from privyseal.model.profile import KeyAlgorithm, Profile


@dataclass(frozen=True, slots=True)
class Authority:
    """``kind`` is root, issuing, administrators, test-root or test-issuing.

    ``chain`` are the DER certificates from this CA up to, without, the root.
    """

    id: AuthorityId
    slug: str
    kind: str
    issuer: Issuer
    chain: tuple[bytes, ...]
    root: bytes
    _templates: dict[tuple[Profile, KeyAlgorithm], CertificateTemplate] = field(default_factory=dict, repr=False, compare=False)

    def template(self, profile: Profile, algorithm: KeyAlgorithm) -> CertificateTemplate:
        """Return the compiled template of a profile for a kind of subject key; compiling lints it once.

        Raises Refused ``lint`` when the linter finds an error in what the profile makes.
        """
        key = (profile, algorithm)  # A policy may narrow a profile, so its id alone says too little.
        template = self._templates.get(key)
        if template is None:
            template = self._templates[key] = compile_template(profile, self.issuer, algorithm, linter_of(profile.lint))
        return template


@cache
def linter_of(rule_set: str) -> Linter:
    """Return the one linter of a rule set; building it costs 0.2 s."""
    return Linter(rule_set)


def key_of_tbs(tbs: bytes) -> bytes:
    """Return the SubjectPublicKeyInfo inside to-be-signed bytes of version 3 (RFC 5280 4.1); raises Refused ``tbs``."""
    try:
        return der.children(tbs)[_KEY_POSITION]
    except (PrivysealError, ValueError, IndexError) as error:
        raise Refused("tbs", "The stored bytes are not those of a certificate.") from error


_KEY_POSITION = 6
"""version, serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo."""


def serial_of_certificate(certificate_der: bytes) -> int:
    """Return the serial number of a certificate of ours."""
    return x509.load_der_x509_certificate(certificate_der).serial_number


def name_of_certificate(certificate_der: bytes) -> str:
    """Return what people call the holder of a CA certificate of ours: its common name, or its whole subject without one."""
    subject = x509.load_der_x509_certificate(certificate_der).subject
    common_names = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common_names[0].value) if common_names else subject.rfc4514_string()
