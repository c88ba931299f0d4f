"""From what an entrance received to a checked submission (architecture section 3 step 1).

Everything that needs no database is done here, outside any transaction: the CSR, the key's own strength, the names'
form, the texts, and the hash of the challenge phrase, which costs a tenth of a second of work on purpose.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from privyseal.engine import key_policy
from privyseal.engine.csr import Csr, read_csr
from privyseal.engine.names import normalize_dns_name, normalize_email
from privyseal.engine.phrases import accept_phrase, hash_phrase
from privyseal.engine.private_keys import refuse_private_keys
from privyseal.model.custom_field import INPUT
from privyseal.model.errors import Refused
from privyseal.model.identifiers import RandomBytes
from privyseal.model.policy import MAXIMUM_ENDPOINTS
from privyseal.model.profile import KeyAlgorithm
from privyseal.model.request import Endpoint, require_endpoints, require_text

MAXIMUM_NAMES = 100
_DEPARTMENT = re.compile(r"dep-[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class RawSubmission:
    """What the form, the API call or the command said, unchecked."""

    csr: str
    policy: str
    lifetime_days: int
    endpoints: Sequence[str]
    contact_name: str
    contact_email: str
    phrase: str
    server_platform: str
    comment: str
    department: str = ""
    custom_fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Submission:
    """The same, checked and normalized; ``names`` are A-labels without repetition in the order asked for.

    ``custom_fields`` are as typed: only the policy knows what they may be.
    """

    csr: Csr
    names: tuple[str, ...]
    policy: str
    lifetime_days: int
    endpoints: tuple[Endpoint, ...]
    contact_name: str
    contact_email: str
    phrase_hash: str
    server_platform: str
    comment: str
    warnings: tuple[str, ...]
    department: str = ""
    custom_fields: Mapping[str, str] = field(default_factory=dict)


def read_submission(raw: RawSubmission, random_bytes: RandomBytes) -> Submission:
    """Return the checked submission; raises BadRequest, Refused or PrivateKeyFound with the field concerned."""
    for name in ("csr", "comment", "contact_name", "contact_email", "server_platform", "phrase"):
        refuse_private_keys(getattr(raw, name), field=name)
    for name, value in raw.custom_fields.items():
        refuse_private_keys(value, field=INPUT.format(name=name))
    csr = read_csr(raw.csr.encode("utf-8", "surrogateescape"))
    key_policy.check_key(csr.spki_der, tuple(KeyAlgorithm))
    names, warnings = read_names(csr)
    contact_name = require_text("contact_name", raw.contact_name, 64)
    contact_email = normalize_email(raw.contact_email)
    phrase = accept_phrase(raw.phrase, context=(contact_name, contact_email, *names))
    return Submission(
        csr=csr,
        names=names,
        policy=require_text("policy", raw.policy, 64),
        lifetime_days=raw.lifetime_days,
        endpoints=require_endpoints(tuple(raw.endpoints), MAXIMUM_ENDPOINTS),
        contact_name=contact_name,
        contact_email=contact_email,
        phrase_hash=hash_phrase(phrase, random_bytes),
        server_platform=require_text("server_platform", raw.server_platform, 64, optional=True),
        comment=require_text("comment", raw.comment, 500, optional=True),
        warnings=warnings,
        department=require_department_id(raw.department),
        custom_fields=raw.custom_fields,
    )


def read_names(csr: Csr) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the DNS names a CSR asks for, normalized and without repetition, and notices of what is not certified.

    Raises Refused ``no-names``, ``too-many-names`` or what a bad name deserves. Names of other kinds are ignored with
    a notice; whatever else a CSR asks for is never copied (facts 5.2, Extensions).
    """
    names = tuple(dict.fromkeys(_normalize(name) for name in csr.dns_names))
    if not names:
        sentence = "The CSR names no host. Put the host name into the common name or, better, into the subject alternative names."
        raise Refused("no-names", sentence, field="csr")
    if len(names) > MAXIMUM_NAMES:
        sentence = f"The CSR asks for {len(names)} names; one certificate carries at most {MAXIMUM_NAMES}."
        raise Refused("too-many-names", sentence, field="csr")
    warnings = [f"The CSR also asks for {kind} {text[:80]}; only DNS names are certified." for kind, text in csr.other_names[:5]]
    ignored = [oid for oid in csr.asked_extensions if oid not in _EXPECTED_EXTENSIONS]
    if ignored:
        warnings.append(f"The CSR asks for extensions that the policy decides; they were ignored: {', '.join(ignored[:10])}.")
    return names, tuple(warnings)


def _normalize(name: str) -> str:
    try:
        return normalize_dns_name(name)
    except Refused as refusal:
        # The person typed a CSR, not a name: that is the field to look at.
        raise Refused(refusal.kind, refusal.sentence, field="csr") from refusal


_EXPECTED_EXTENSIONS = frozenset({"2.5.29.17", "2.5.29.15", "2.5.29.37", "2.5.29.19", "2.5.29.14"})
"""What every tool writes into a CSR; asking for it deserves no notice."""


def require_department_id(text: str) -> str:
    """Return the id of a department, or ""; whether there is such a one is asked where the request is stored."""
    if text and not _DEPARTMENT.fullmatch(text):
        raise Refused("department", "There is no such department. Choose one of the list.", field="department")
    return text
