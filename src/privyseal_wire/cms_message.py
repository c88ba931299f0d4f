"""Reading the frame of a CMS SignedData message: armor, BER, the one signer, the signed attributes.

What comes out is checked for form only; ``cms`` decides whose signature it is and whether it verifies. Every
malformed message ends in CmsRefused.
"""

from __future__ import annotations

import base64
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat import asn1

from privyseal_wire.ber import encode_tlv, normalize
from privyseal_wire.cms_types import Attribute, ContentInfo, SignedData, SignerInfo
from privyseal_wire.errors import CmsRefused

MAX_CMS_BYTES = 256 * 1024

ID_DATA = "1.2.840.113549.1.7.1"
ID_SIGNED_DATA = "1.2.840.113549.1.7.2"
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SIGNING_TIME = "1.2.840.113549.1.9.5"

SEQUENCE = b"\x30"
SET = b"\x31"

_ARMOR = re.compile(rb"-----BEGIN (CMS|PKCS7|PKCS #7 SIGNED DATA)-----\r?\n([A-Za-z0-9+/=\s]*)-----END \1-----")
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]+")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SIGNER_VERSIONS = {True: 3, False: 1}  # RFC 5652 5.3: 3 when the signer is named by subjectKeyIdentifier.
_SIGNED_DATA_VERSIONS = frozenset({1, 3, 4, 5})  # RFC 5652 5.1


@dataclass(frozen=True, slots=True)
class Message:
    """A message in form. ``attributes`` maps the OID of each signed attribute to the contents of its SET of values.

    ``certificates`` are the DER certificates that came along; ``signed_bytes`` is the DER SET that the signature is
    over (RFC 5652 5.4).
    """

    content: bytes
    certificates: tuple[bytes, ...]
    signer: SignerInfo
    attributes: Mapping[str, bytes]
    signed_bytes: bytes


@functools.lru_cache(maxsize=8)
def read_message(data: bytes) -> Message:
    """Return the message that DER, BER, PEM or bare base64 encodes, at most ``MAX_CMS_BYTES`` long.

    Remembers the last few: who asks for the signer's fingerprint verifies the same bytes next.

    Raises CmsRefused: ``cms-size``, ``cms-smime``, ``cms-form``, ``cms-content-type``, ``cms-detached``,
    ``cms-signers``, ``cms-attributes``.
    """
    if len(data) > MAX_CMS_BYTES:
        raise CmsRefused("cms-size", f"The signature file has {len(data):,} bytes; at most {MAX_CMS_BYTES:,} are read.")
    signed = _read_signed_data(unwrapped(data))
    signer = _read_signer(signed)
    if signed.encapsulated.content_type.dotted_string != ID_DATA:
        raise CmsRefused("cms-content-type", "The signed content is not plain data (id-data). Sign the file as it is.")
    content = signed.encapsulated.content
    if content is None:
        raise CmsRefused("cms-detached", "The signature does not contain what it signs. Sign again with -nodetach (attached content).")
    attributes, signed_bytes = _read_attributes(signer)
    certificates = tuple(_raw(item) for item in signed.certificates or () if item.tag_bytes == SEQUENCE)
    return Message(content, certificates, signer, attributes, signed_bytes)


def unwrapped(data: bytes) -> bytes:
    """Return the DER or BER that a file holds as it is, in PEM or in bare base64; raises CmsRefused ``cms-smime``, ``cms-form``."""
    # DER and BER begin with the SEQUENCE tag 0x30; the base64 of that begins with "M", armor with a dash.
    if data[:1] == SEQUENCE:
        return data
    text = data.removeprefix(_BYTE_ORDER_MARK).strip()
    armored = _ARMOR.fullmatch(text)
    if armored is None and re.match(rb"(?i)(mime-version|content-[a-z-]+|to|from|subject):", text):
        sentence = "This is an S/MIME mail, not a signature file. Add -outform DER (or PEM) to the openssl cms command."
        raise CmsRefused("cms-smime", sentence)
    body = armored.group(2) if armored else text
    try:
        if not _BASE64.fullmatch(body):
            raise _malformed()
        return base64.b64decode(b"".join(body.split()), validate=True)
    except ValueError as error:
        raise _malformed() from error


def _read_signed_data(data: bytes) -> SignedData:
    # Strict DER first, which is nearly all messages; what is left is BER or broken.
    try:
        return _decode_signed_data(data)
    except (ValueError, OverflowError):
        pass
    try:
        return _decode_signed_data(normalize(data))
    except (ValueError, OverflowError) as error:
        raise _malformed() from error


def _decode_signed_data(data: bytes) -> SignedData:
    frame = asn1.decode_der(ContentInfo, data)
    if frame.content_type.dotted_string != ID_SIGNED_DATA:
        raise CmsRefused("cms-content-type", "The file is a CMS message, but not a signed one.")
    signed: SignedData = frame.content.parse(SignedData)
    if signed.version not in _SIGNED_DATA_VERSIONS or signed.digest_algorithms.tag_bytes != SET or signed.signer_infos.tag_bytes != SET:
        raise _malformed()
    return signed


def _read_signer(signed: SignedData) -> SignerInfo:
    infos = bytes(signed.signer_infos.data)
    try:
        signer = asn1.decode_der(SignerInfo, infos)
    except (ValueError, OverflowError) as error:
        if not infos:
            raise CmsRefused("cms-signers", "The message carries certificates but no signature.") from error
        raise CmsRefused("cms-signers", "The message has more than one signature, or a malformed one. Exactly one is accepted.") from error
    if signer.version != _SIGNER_VERSIONS[isinstance(signer.signer, bytes)]:
        raise _malformed()
    return signer


def _read_attributes(signer: SignerInfo) -> tuple[dict[str, bytes], bytes]:
    if signer.signed_attributes is None:
        sentence = "The signature has no signed attributes, so it could be taken for one over other data. Sign without -noattr."
        raise CmsRefused("cms-attributes", sentence)
    attributes: dict[str, bytes] = {}
    for item in signer.signed_attributes:
        try:
            attribute: Attribute = item.parse(Attribute)
        except (ValueError, OverflowError) as error:
            raise CmsRefused("cms-attributes", "A signed attribute is malformed.") from error
        name = attribute.type.dotted_string
        if name in attributes or attribute.values.tag_bytes != SET:
            raise CmsRefused("cms-attributes", "A signed attribute is there twice or malformed (RFC 5652 5.3).")
        attributes[name] = bytes(attribute.values.data)
    # RFC 5652 5.4: signed is the DER encoding of the attributes as a SET OF, which is sorted, however they were sent.
    return attributes, encode_tlv(SET, *sorted(_raw(item) for item in signer.signed_attributes))


def _raw(element: asn1.TLV) -> bytes:
    return encode_tlv(element.tag_bytes, bytes(element.data))


def _malformed() -> CmsRefused:
    sentence = "The file is not a CMS signature in DER, PEM or base64. Make it with openssl cms -sign -binary -nodetach -outform DER."
    return CmsRefused("cms-form", sentence)
