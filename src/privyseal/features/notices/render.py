"""From a letter to the message: text and HTML from templates, attachments, and headers that nothing can forge.

Whatever comes from outside is escaped in HTML, loses control and invisible characters in both forms, and reaches a
header only through a check that refuses what could begin another header or hide in the line (facts/reliability.md
5.2, Injection). The text part is complete by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.errors import HeaderParseError
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime
from typing import Any, Final, Self

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from privyseal.model.errors import Refused
from privyseal.model.organization import TRIAL_MARK

_ADDRESS: Final = re.compile(r"[\x21-\x7e]{1,64}@[A-Za-z0-9.-]{1,253}")
_MESSAGE_ID: Final = re.compile(r"[A-Za-z0-9.~-]{1,100}@[A-Za-z0-9.:-]{1,100}")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a letter; ``media_type`` is type/subtype."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be said to one person. ``template`` names both forms; ``values`` is what they may use."""

    template: str
    recipient: str
    subject: str
    values: Mapping[str, Any]
    attachments: tuple[Attachment, ...] = field(default=())


def marked(letter: Letter) -> Letter:
    """Return a letter about a trial with its mark: in the subject, and over the text."""
    subject = letter.subject if letter.subject.startswith(TRIAL_MARK) else f"{TRIAL_MARK.strip()}: {letter.subject}"
    return replace(letter, subject=subject, values=dict(letter.values) | {"is_trial": True})


def printable(value: object) -> object:
    """Return text without control, invisible and direction-changing characters; markup and other values as they are."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return "".join(character if character.isprintable() else " " for character in value)
    return value


def date_text(moment: datetime) -> str:
    """Return ``22 November 2026``."""
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def time_text(moment: datetime) -> str:
    """Return ``22 November 2026, 14:05 UTC``."""
    return f"{date_text(moment)}, {moment:%H:%M} UTC"


_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

_NAMES_IN_SENTENCES: Final = ("organization", "whom", "whose")

_TEMPLATES = Environment(
    loader=PackageLoader("privyseal.features.notices", "templates"),
    autoescape=select_autoescape(enabled_extensions=("html.j2",), default_for_string=True),
    undefined=StrictUndefined,
    finalize=printable,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    auto_reload=False,
)
_TEMPLATES.filters |= {"date": date_text, "time": time_text}


def render(letter: Letter) -> tuple[str, str]:
    """Return the text and the HTML form; raises jinja2.UndefinedError when a template asks for what is not there."""
    values = {"is_trial": False} | dict(letter.values) | {"subject": letter.subject}
    text = _TEMPLATES.get_template(f"{letter.template}.txt.j2").render(values)
    html = _TEMPLATES.get_template(f"{letter.template}.html.j2").render(values)
    for name in {str(values.get(key) or "") for key in _NAMES_IN_SENTENCES}:
        if name.endswith("."):
            # "Resource Marketing, Inc." at the end of a sentence ends it.
            shown, escaped = str(printable(name)), str(escape(printable(name)))
            text, html = text.replace(f"{shown}.", shown), html.replace(f"{escaped}.", escaped)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n", html


def make_message(letter: Letter, *, sender_name: str, sender_address: str, message_id: str, now: datetime) -> EmailMessage:
    """Return the message, ready to be sent; ``message_id`` is without its angle brackets.

    Raises Refused ``mail-header`` for a value that may not stand in a header.
    """
    text, html = render(letter)
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = Address(display_name=require_header(sender_name), addr_spec=require_address(sender_address))
        # The bare address: a name typed by somebody has no place in a header.
        message["To"] = _Line("To", str(Address(addr_spec=require_address(letter.recipient))))
        message["Subject"] = _Line("Subject", require_header(letter.subject))
        message["Date"] = format_datetime(now)
        message["Message-ID"] = _Line("Message-ID", f"<{require_message_id(message_id)}>")
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834 5.2: no vacation answer comes back
    except (ValueError, HeaderParseError) as error:
        raise Refused("mail-header", "A value of this letter cannot stand in a mail header; nothing was sent.") from error
    message.set_content(text, charset="utf-8")
    message.add_alternative(html, subtype="html", charset="utf-8")
    for attachment in letter.attachments:
        main_type, _, sub_type = attachment.media_type.partition("/")
        message.add_attachment(attachment.content, maintype=main_type, subtype=sub_type, filename=attachment.name)
    message["Content-Language"] = "en"  # Last, because adding parts moves headers of this kind into the first one.
    return message


class _Line(str):
    """A header that reads back as it was written.

    The folding of Python's modern policy loses blanks between encoded words and begins a long line with nothing in it,
    so this header folds itself: ASCII in one line (RFC 5322 2.1.1 allows 998 characters), the rest in encoded words.
    """

    __slots__ = ("name",)
    name: str

    def __new__(cls, name: str, value: str) -> Self:
        line = super().__new__(cls, value)
        line.name = name
        return line

    def fold(self, *, policy: Policy[EmailMessage]) -> str:
        """Return the header as it is sent; called by the message's generator."""
        value = str(self)
        if not value.isascii() or "=?" in value:
            value = Header(value, "utf-8", header_name=self.name).encode(maxlinelen=76, linesep=policy.linesep)
        return f"{self.name}: {value}{policy.linesep}"


def require_header(value: str) -> str:
    """Return a value that stays within its header line; raises Refused ``mail-header`` for line breaks and control characters."""
    if not value.isprintable():
        raise Refused("mail-header", "A mail header may not contain line breaks, control characters or invisible characters.")
    return value


def require_address(value: str) -> str:
    """Return a plain ASCII mail address; raises Refused ``mail-header`` for anything that is more or less than one."""
    if not _ADDRESS.fullmatch(value) or any(character in value for character in '<>(),;:"\\'):
        raise Refused("mail-header", "A letter goes to exactly one plain mail address.")
    return value


def require_message_id(value: str) -> str:
    """Return a Message-ID without its brackets; raises Refused ``mail-header``."""
    if not _MESSAGE_ID.fullmatch(value):
        raise Refused("mail-header", "A Message-ID is made of letters, digits, dots and hyphens around one @.")
    return value
