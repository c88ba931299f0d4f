"""What kind of file a vetter attached, judged by its bytes alone: the name and the type that a sender claims count for nothing.

PDF (ISO 32000-2 7.5.2), PNG (RFC 2083 3.1), JPEG (ISO 10918-1 B.1.1.3), a mail (RFC 5322 2.2) and plain text in UTF-8.
"""

from __future__ import annotations

import email.parser
import email.policy
import re
from dataclasses import dataclass
from typing import Final

from privyseal.model.errors import Refused, TooLarge

MAXIMUM_EVIDENCE: Final = 1024 * 1024 - 16 * 1024
"""A form with one file has 1 MiB, and a little of it is not the file."""

_NAME: Final = re.compile(r"[^A-Za-z0-9._-]+")
_MARKUP: Final = re.compile(rb"<\s*(!doctype|html|script|svg|\?xml|body|iframe)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class EvidenceType:
    """``media_type`` as it is served, always as an attachment."""

    media_type: str
    extension: str

    def safe_name(self, name: str) -> str:
        """Return a name of plain letters with the extension of what the file is, from whatever the sender called it."""
        stem = _NAME.sub("-", name.replace("\\", "/").rpartition("/")[2]).strip("-._")
        stem = stem.rpartition(".")[0] or stem
        return f"{stem[:100].strip('-._') or 'evidence'}.{self.extension}"


PDF: Final = EvidenceType("application/pdf", "pdf")
PNG: Final = EvidenceType("image/png", "png")
JPEG: Final = EvidenceType("image/jpeg", "jpg")
MAIL: Final = EvidenceType("message/rfc822", "eml")
TEXT: Final = EvidenceType("text/plain; charset=utf-8", "txt")


def evidence_type(content: bytes) -> EvidenceType:
    """Return the kind of a file; raises TooLarge ``evidence-size``, Refused ``evidence-type`` for any other kind."""
    if len(content) > MAXIMUM_EVIDENCE:
        raise TooLarge("evidence-size", f"The file has {len(content):,} bytes; at most {MAXIMUM_EVIDENCE:,} are kept.", field="file")
    if content.startswith(b"%PDF-") and b"%%EOF" in content[-1024:]:
        return PDF
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR" and b"IEND" in content[-12:]:
        return PNG
    if content.startswith(b"\xff\xd8\xff") and content.rstrip(b"\x00").endswith(b"\xff\xd9"):
        return JPEG
    if _is_mail(content):
        return MAIL
    if _is_text(content):
        return TEXT
    sentence = "The file is no PDF, PNG, JPEG, mail or plain text, or it is damaged. Print it into a PDF, and attach that."
    raise Refused("evidence-type", sentence, field="file")


def _is_mail(content: bytes) -> bool:
    head = content[:65536].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    if b"\x00" in content or not head.isascii() or not re.match(rb"[A-Za-z][A-Za-z0-9-]*:", head):
        return False
    parsed = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(head + b"\n\n")
    return all(name in parsed for name in ("From", "Date")) and not parsed.defects


def _is_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    if not text.strip() or text.startswith("%PDF-") or _MARKUP.search(content):
        return False
    return all(character.isprintable() or character in "\n\r\t" for character in text)
