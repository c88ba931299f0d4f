"""CRLs from stored, already encoded entries: a frame is signed around pages that are never joined (RFC 5280 5).

A revocation is encoded once, when it happens (``encode_entry``), collected into append-only pages (``pack_pages``), and
every CRL that lists it is ``frame.prefix`` + pages + tail + ``frame.suffix``. Signing hashes the pages as they stream by,
so a CRL of a million entries costs one pass over its bytes and the memory of one page; the status front sends the same
pieces. Called by the publishing action and the issuer process; reading CRLs is cryptography's work and not ours.

A CA has one *full* CRL and ``shard_count`` *shards*. A certificate names its shard in its distribution point for life;
a shard carries a critical issuing distribution point (IDP) with exactly that URI, the full CRL carries none. The IDP sets
neither onlyContainsUserCerts nor onlyContainsCACerts. RFC 5280 5.2.5: each of them takes certificates of the other
kind out of the CRL's scope; the scope of our shard is every certificate of this CA whose serial falls into it,
whatever its kind, and a certificate whose kind were left out would have no CRL at all that speaks for it. BR 7.2.2.1
leaves both optional.

OpenSSL: plain ``openssl verify -crl_check -CRLfile shards.pem`` takes a shard when the certificate's CRL distribution
point holds the same URI (names are compared, nothing is fetched); ``-extended_crl`` is not needed, that is for indirect
CRLs and reason partitions. Any number of shards may lie in the file. A shard alone never speaks for a
certificate of another shard or without a distribution point ("different CRL scope", error 44); the full CRL speaks for
all. ``-crl_check_all`` asks about the root too, whose certificate names no distribution point: give it the root's full CRL.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from privyseal.engine import der
from privyseal.engine.certificate import Issuer
from privyseal.engine.serials import MAX_SERIAL_OCTETS
from privyseal.engine.signers import SigningKey, VerifyingKey, signature_algorithm, signature_hash
from privyseal.model.errors import Refused, Unavailable

PAGE_ENTRIES = 4096
"""Entries of a full page, about 200 KB: large enough that a million entries are 245 rows, small enough to stream."""

MIN_PAGE_ENTRIES = 512
"""A rest that is shorter stays unpaged. It is copied into every CRL that lists it, so it must stay small: the full CRL
of 128 shards carries at most 128 x 511 entries (3 MB) outside of pages."""

MAX_NUMBER_BITS = 159
"""RFC 5280 5.2.3: a CRL number has at most 20 octets and is not negative."""

CRL_REASONS = frozenset({1, 2, 3, 4, 5, 6, 9, 10})
"""CRLReason codes that an entry may carry (RFC 5280 5.3.1). 0 (unspecified) is expressed by leaving the extension out,
7 is not used, 8 (removeFromCRL) stands in delta CRLs alone, which we do not publish."""

_REASON_CODE = der.object_identifier("2.5.29.21")
_CRL_NUMBER = der.object_identifier("2.5.29.20")
_ISSUING_DISTRIBUTION_POINT = der.object_identifier("2.5.29.28")
_AUTHORITY_KEY_IDENTIFIER = der.object_identifier("2.5.29.35")
_CRITICAL = b"\x01\x01\xff"
_VERSION_2 = der.integer(1)
_ENUMERATED = 0x0A
_EXPLICIT_0 = 0xA0
_URI_NAME = 0x86  # GeneralName [6] IMPLICIT IA5String


def encode_entry(serial: int, revoked_at: datetime, reason: int | None) -> bytes:
    """One encoded element of revokedCertificates, to be stored and listed for good (RFC 5280 5.1.2.6).

    ``reason`` is a CRLReason code; None and 0 leave the extension out, as RFC 5280 5.3.1 wants. Fractions of a second of
    ``revoked_at`` are dropped. Raises Refused kind ``revocation-reason`` for a code that no complete CRL carries, and
    ValueError for a serial that is not positive or has more than 20 octets.
    """
    if serial <= 0 or serial.bit_length() > MAX_SERIAL_OCTETS * 8 - 1:
        raise ValueError("a serial number is positive and has at most 20 octets")
    extensions = b""
    if reason:
        if reason not in CRL_REASONS:
            sentence = f"{reason} is no reason that a CRL can carry; the codes are 0 to 6, 9 and 10 of RFC 5280 5.3.1."
            raise Refused("revocation-reason", sentence, field="reason")
        # Not critical: RFC 5280 5.3.1.
        extensions = der.sequence(_extension(_REASON_CODE, der.tlv(_ENUMERATED, bytes((reason,)))))
    return der.sequence(der.integer(serial), der.time(revoked_at), extensions)


@dataclass(frozen=True, slots=True)
class Page:
    """Encoded entries one after the other, and how many they are. A page is written once and never changed."""

    entries: bytes
    count: int


def pack_pages(
    entries: Sequence[bytes], *, page_entries: int = PAGE_ENTRIES, min_entries: int = MIN_PAGE_ENTRIES
) -> tuple[tuple[Page, ...], bytes]:
    """New pages for the leading ``entries`` in their order, and the rest joined, which is the CRL's tail.

    All pages are full but the last one, which is made only for ``min_entries`` and more. The sum of the pages'
    counts tells how many leading entries are now paged.
    """
    pages = []
    start = 0
    while len(entries) - start >= min(min_entries, page_entries):
        part = entries[start : start + page_entries]
        pages.append(Page(b"".join(part), len(part)))
        start += len(part)
    return tuple(pages), b"".join(entries[start:])


@dataclass(frozen=True, slots=True)
class CrlContent:
    """What one CRL says besides its entries.

    ``number`` rises by CA and scope (RFC 5280 5.2.3). ``uri`` is the distribution point of a shard, exactly as the
    certificates name it, and None for the full CRL. The dates are whole UTC seconds once encoded.
    """

    number: int
    this_update: datetime
    next_update: datetime
    uri: str | None


@dataclass(frozen=True, slots=True)
class CrlFrame:
    """The signed hull of a CRL; ``entries_length`` bytes of entries belong between ``prefix`` and ``suffix``.

    ``tbs_sha256`` is the SHA-256 in hex of the to-be-signed part, which was hashed for signing anyway: it names the CRL for
    an ETag or a log at no cost (``openssl asn1parse -inform DER -strparse 4 -noout -out -`` gives the bytes to check).
    """

    prefix: bytes
    suffix: bytes
    entries_length: int
    tbs_sha256: str

    @property
    def byte_length(self) -> int:
        """Size of the whole CRL in bytes."""
        return len(self.prefix) + self.entries_length + len(self.suffix)

    def chunks(self, entries: Iterable[bytes]) -> Iterator[bytes]:
        """The CRL piece by piece: prefix, ``entries`` (the pages and the tail that were signed), suffix."""
        yield self.prefix
        yield from entries
        yield self.suffix

    def sha256(self, entries: Iterable[bytes]) -> str:
        """SHA-256 of the whole CRL in hex, by a second pass over ``entries``; 0.13 s of CPU for a million without SHA instructions.

        The pass cannot be spared: the first bytes of the file contain the length of the signature, which is known last.
        Where the to-be-signed part is as good a name, take ``tbs_sha256``.
        """
        digest = hashlib.sha256()
        for chunk in self.chunks(entries):
            digest.update(chunk)
        return digest.hexdigest()


def sign_crl(issuer: Issuer, key: SigningKey, content: CrlContent, entries_length: int, entries: Iterable[bytes]) -> CrlFrame:
    """Signs a CRL of ``issuer`` over ``entries``: an iterable of pages and tail, in order, ``entries_length`` bytes in all.

    The length is asked for beforehand because DER writes it in front; the pages are hashed as they come and not kept.
    Raises ValueError if the pages are not as long as announced or the content contradicts itself, Refused kind
    ``signing-key`` for a key that cannot sign a finished hash (Ed25519), Unavailable kind ``signature`` if the signature
    does not verify with the issuer's certificate.
    """
    _check(content)
    algorithm = signature_algorithm(key).identifier
    hash_algorithm = _hash_of(key)
    head = b"".join((_VERSION_2, algorithm, issuer.subject_der, der.time(content.this_update), der.time(content.next_update)))
    if entries_length:
        # RFC 5280 5.1.2.6: with no revoked certificates the list must be absent and not empty.
        head += bytes((der.SEQUENCE,)) + der.length(entries_length)
    extensions = der.tlv(_EXPLICIT_0, _crl_extensions(issuer.key_identifier, content))
    tbs_head = bytes((der.SEQUENCE,)) + der.length(len(head) + entries_length + len(extensions)) + head
    digests = {name: hashlib.new(name, tbs_head) for name in (hash_algorithm.name, "sha256")}
    _update(digests.values(), entries, entries_length)
    for digest in digests.values():
        digest.update(extensions)
    signature = _sign_digest(key, issuer.public_key, digests[hash_algorithm.name].digest(), hash_algorithm)
    suffix = extensions + algorithm + der.bit_string(signature)
    outer = bytes((der.SEQUENCE,)) + der.length(len(tbs_head) + entries_length + len(suffix))
    return CrlFrame(outer + tbs_head, suffix, entries_length, digests["sha256"].hexdigest())


def _check(content: CrlContent) -> None:
    if content.number < 0 or content.number.bit_length() > MAX_NUMBER_BITS:
        raise ValueError("a CRL number is not negative and has at most 20 octets")
    if content.next_update <= content.this_update:
        raise ValueError("a CRL's nextUpdate lies behind its thisUpdate")


def _crl_extensions(key_identifier: bytes, content: CrlContent) -> bytes:
    # RFC 5280 5.2.1 and 5.2.3: both in every CRL, neither critical.
    authority_key = der.sequence(der.tlv(0x80, key_identifier))
    parts = [_extension(_AUTHORITY_KEY_IDENTIFIER, authority_key), _extension(_CRL_NUMBER, der.integer(content.number))]
    if content.uri is not None:
        full_name = der.tlv(_EXPLICIT_0, der.tlv(_URI_NAME, content.uri.encode("ascii")))
        # RFC 5280 5.2.5: critical, and the same name as in the certificates' distribution point.
        point = der.sequence(der.tlv(_EXPLICIT_0, full_name))
        parts.append(_extension(_ISSUING_DISTRIBUTION_POINT, point, critical=True))
    return der.sequence(*parts)


def _extension(identifier: bytes, value: bytes, *, critical: bool = False) -> bytes:
    return der.sequence(identifier, _CRITICAL if critical else b"", der.octet_string(value))


def _update(digests: Collection[hashlib._Hash], entries: Iterable[bytes], entries_length: int) -> None:
    seen = 0
    for chunk in entries:
        seen += len(chunk)
        for digest in digests:
            digest.update(chunk)
    if seen != entries_length:
        raise ValueError(f"the CRL entries are {seen} bytes where {entries_length} were announced")


def _hash_of(key: SigningKey) -> hashes.SHA256 | hashes.SHA384:
    algorithm = signature_hash(key)
    if algorithm is None:
        sentence = "An Ed25519 key signs whole messages and no hash computed beforehand, so it cannot sign CRLs. Use P-256, P-384 or RSA."
        raise Refused("signing-key", sentence)
    return algorithm


def _sign_digest(key: SigningKey, public_key: VerifyingKey, digest: bytes, algorithm: hashes.SHA256 | hashes.SHA384) -> bytes:
    """Signature over a finished hash, verified by the certificate's key before it leaves."""
    prehashed = Prehashed(algorithm)
    try:
        if isinstance(key, rsa.RSAPrivateKey) and isinstance(public_key, rsa.RSAPublicKey):
            signature = key.sign(digest, padding.PKCS1v15(), prehashed)
            public_key.verify(signature, digest, padding.PKCS1v15(), prehashed)
        elif isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(public_key, ec.EllipticCurvePublicKey):
            signature = key.sign(digest, ec.ECDSA(prehashed))
            public_key.verify(signature, digest, ec.ECDSA(prehashed))
        else:
            raise InvalidSignature  # the key is of another kind than the certificate's
    except InvalidSignature:
        sentence = (
            "The signing key returned a signature that the CA's own certificate does not verify, so no CRL was published. "
            "Check that the key belongs to this CA and that its token works."
        )
        raise Unavailable("signature", sentence) from None
    return signature
