"""Names that may stand in a certificate: host names, domains and mail addresses, checked and brought into one form.

What lives here: the one normalization that intake, policy, approval and the issuer share, so that a name is compared
and signed in exactly one spelling (facts: a rule that was right in the portal and missing in the signer issued tens of
thousands of wrong certificates). What does not: whose domain it is (the actions compare with validated domains) and any
look-up on the network. Called by the actions and by the issuer process; pure, and cheap for plain ASCII names.
"""

from __future__ import annotations

import functools
import ipaddress
import re
import unicodedata

import idna
from publicsuffixlist import PublicSuffixList

from privyseal.model.errors import Refused

MAX_NAME_LENGTH = 253
"""RFC 1035 2.3.4: 255 octets on the wire are 253 characters of text."""

MAX_LABEL_LENGTH = 63
"""RFC 1035 2.3.4."""

MAX_EMAIL_LENGTH = 254
"""RFC 5321 4.5.3.1.3: a path of 256 octets includes its two angle brackets."""

MAX_LOCAL_PART_LENGTH = 64
"""RFC 5321 4.5.3.1.1."""

_MAX_RAW_LENGTH = 1000
"""No name that could be valid is longer, whatever its Unicode spelling; longer text is not even looked at."""

_PLAIN_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
"""A letter-digit-hyphen label (RFC 1034 3.5 as relaxed by RFC 1123 2.1), already in lower case."""

_PLAIN_NAME = re.compile(r"(?:[a-z0-9](?!.--)(?:[a-z0-9-]{0,61}[a-z0-9])?\.){2,}[a-z]{2,63}")
"""A name of at least three such labels, none of them coded, and the last one of letters."""

_LAST_LABEL_IS_A_NUMBER = re.compile(r"(?:\d+|0x[0-9a-f]*)")
"""What browsers take for an IPv4 address: the last label of 127.1, 0x7f.1 or 017700000001 (WHATWG URL, "ends in a number")."""

_PORT = re.compile(r":\d{1,5}")

_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
"""A dot-atom (RFC 5322 3.2.3). Quoted local parts are legal and refused: no directory of ours needs them."""

_JOINERS = "\u200c\u200d"
"""ZERO WIDTH NON-JOINER and JOINER: the two invisible characters that IDNA 2008 allows, by context (RFC 5892 A.1, A.2)."""

_JAPANESE = frozenset({"LATIN", "HAN", "HIRAGANA", "KATAKANA"})
_CHINESE = frozenset({"LATIN", "HAN", "BOPOMOFO"})
_KOREAN = frozenset({"LATIN", "HAN", "HANGUL"})
_WRITTEN_TOGETHER = (_JAPANESE, _CHINESE, _KOREAN)
"""UTS 39 5.2, level "highly restrictive": the only scripts that one label may mix."""

SCRIPTS = ("Latin", "Cyrillic", "Greek", "Armenian", "Cherokee", "Georgian", "Hebrew", "Arabic", "Devanagari", "Thai", "Han", "Hangul")
"""Scripts whose names translators are asked for: those with letters that look like Latin ones, and the most written."""

_SCRIPT_OF_NAME = {"CJK": "HAN", "IDEOGRAPHIC": "HAN", "KATAKANA-HIRAGANA": None, "MODIFIER": None}
"""First words of Unicode character names that are not the name of a script; None means: goes with any script."""


def shown(text: str, limit: int = 80) -> str:
    r"""The text, safe to stand in a sentence for people: what does not print becomes ``\x00`` or ``\u202e``, long text is cut.

    The result has no control character, no direction override and no line break, so that it cannot forge a log line;
    escaping for HTML, CSV or mail stays with each of these outputs.
    """
    cut = text[:limit]
    # str.isprintable takes a backslash for printable, so it is doubled: the escapes below cannot be imitated.
    escaped = "".join(c if c.isprintable() and c != "\\" else c.encode("unicode_escape").decode("ascii") for c in cut)
    return escaped + "…" if len(text) > limit else escaped


def normalize_dns_name(text: str) -> str:
    """The one form of a host name: lower case, A-labels, no trailing dot; ``*.`` only as the whole left-most label.

    IDNA 2008 with the UTS 46 mapping, non-transitional. Raises Refused, field ``names``, with one kind for each
    reason: name-empty, name-too-long, name-label, name-underscore, name-ip-address, name-public-suffix,
    name-single-label, name-wildcard, name-control-character, name-space, name-url, name-port, name-email, name-idna,
    name-mixed-script. The sentence names the offending name.
    """
    wildcard = text.startswith("*.")
    host = _normalize_host(text[2:] if wildcard else text, text)
    if wildcard and is_public_suffix(host):
        raise Refused("name-public-suffix", _about(text, f'asks for every name under "{host}", which belong to many owners'), field="names")
    _require_domain(host, text)
    if is_public_suffix(host):
        raise Refused(
            "name-public-suffix",
            _about(text, "is a public suffix: its names belong to many owners. Ask for a name below it"),
            field="names",
        )
    name = "*." + host if wildcard else host
    if len(name) > MAX_NAME_LENGTH:
        raise Refused(
            "name-too-long", _about(text, f"has {len(name)} characters; a host name has at most {MAX_NAME_LENGTH}"), field="names"
        )
    return name


def has_normal_form(name: str) -> bool:
    """Tell whether ``name`` is written as normalize_dns_name writes it. The usual name is known by its look, a public suffix too."""
    if len(name) <= MAX_NAME_LENGTH and _PLAIN_NAME.fullmatch(name):
        return True
    try:
        return normalize_dns_name(name) == name
    except Refused:
        return False


def normalize_domain(text: str) -> str:
    """The one form of a domain that is to be validated: as normalize_dns_name, and no wildcard.

    Raises Refused with the same kinds; two labels at least, never a public suffix.
    """
    if "*" in text:
        raise Refused("name-wildcard", _about(text, "has an asterisk. Enter the domain itself, for example example.com"), field="names")
    return normalize_dns_name(text)


def normalize_email(text: str) -> str:
    """The one form of a mail address: local part as it was written, domain as an A-label name in lower case.

    ASCII local parts only (a dot-atom); whether the part before the @ cares for case is its own server's secret, so
    it is kept. Raises Refused with kind email-form, email-local-part or email-too-long, or one of the name kinds when
    the domain is wrong.
    """
    if not text:
        raise Refused("email-form", "The mail address is missing.", field="email")
    local, at, domain = text.rpartition("@")
    if not at or not local or not domain or len(text) > _MAX_RAW_LENGTH:
        raise Refused("email-form", _about_address(text, "is not a mail address. It has the form name@example.com"), field="email")
    if "@" in local or "," in local or ";" in local:
        raise Refused("email-form", _about_address(text, "is not one mail address. Enter exactly one"), field="email")
    if not _LOCAL_PART.fullmatch(local):
        raise Refused(
            "email-local-part",
            _about_address(text, "has a character before the @ that is not allowed here: letters, digits and !#$%&'*+/=?^_`{|}~-. are"),
            field="email",
        )
    try:
        host = _normalize_host(domain, text)
        _require_domain(host, text)
    except Refused as refusal:
        if refusal.kind == "name-single-label":
            told = f'has only "{shown(domain)}" after the @. Enter the whole address, for example name@example.com'
        else:
            told = "has something after the @ that is no domain. It has the form name@example.com"
        raise Refused(refusal.kind, _about_address(text, told), field="email") from refusal
    address = f"{local}@{host}"
    if len(local) > MAX_LOCAL_PART_LENGTH or len(address) > MAX_EMAIL_LENGTH:
        raise Refused(
            "email-too-long",
            _about_address(text, f"is too long: at most {MAX_LOCAL_PART_LENGTH} characters before the @, {MAX_EMAIL_LENGTH} in all"),
            field="email",
        )
    return address


def is_public_suffix(name: str) -> bool:
    """Whether anybody may register names directly below this normalized name: com, co.uk, github.io, an unlisted TLD."""
    return bool(_public_suffixes().is_public(name))


def registered_domain(name: str) -> str:
    """The public suffix and one label of a normalized name, wildcard or not: ``shop.example.co.uk`` -> ``example.co.uk``.

    Raises Refused, kind name-public-suffix, if the name is itself a public suffix.
    """
    found = _public_suffixes().privatesuffix(name.removeprefix("*."))
    if found is None:
        raise Refused("name-public-suffix", _about(name, "is a public suffix and has no registered domain"), field="names")
    return str(found)


@functools.cache
def _public_suffixes() -> PublicSuffixList:
    # 0.1 s and 1.4 MB, so only for a process that looks at names. Both sections count: x.github.io is as foreign to
    # y.github.io as two domains under .com are. An unlisted TLD (.test, .internal) is a suffix of one label.
    return PublicSuffixList(accept_unknown=True, only_icann=False)


def _normalize_host(host: str, text: str) -> str:
    """The host in A-labels; ``text`` is what the person wrote, for the sentence."""
    _refuse_other_things(host, text)
    mapped = host if host.isascii() else _map(host, text)
    labels = mapped.lower().removesuffix(".").split(".")
    name = ".".join(_normalize_label(label, text) for label in labels)
    if len(name) > MAX_NAME_LENGTH:
        raise Refused(
            "name-too-long", _about(text, f"has {len(name)} characters; a host name has at most {MAX_NAME_LENGTH}"), field="names"
        )
    if _LAST_LABEL_IS_A_NUMBER.fullmatch(name.rpartition(".")[2]):
        raise Refused(
            "name-ip-address", _about(text, "ends in a number, so clients take it for an IP address. Ask for a host name"), field="names"
        )
    return name


def _require_domain(host: str, text: str) -> None:
    """Raise Refused for a single label such as localhost."""
    if "." not in host:
        raise Refused("name-single-label", _about(text, "has no domain. Ask for the full name, for example www.example.com"), field="names")


def _refuse_other_things(host: str, text: str) -> None:
    """Raise Refused for what is not a host name at all: nothing, controls, blanks, an address, a URL, stray asterisks."""
    if not host.strip():
        raise Refused("name-empty", "A name is empty. Enter a host name, for example www.example.com.", field="names")
    if len(host) > _MAX_RAW_LENGTH:
        raise Refused(
            "name-too-long", _about(text, f"has {len(host)} characters; a host name has at most {MAX_NAME_LENGTH}"), field="names"
        )
    if not host.isprintable() or not host.isascii():
        _refuse_invisible(host, text)
    if " " in host:
        raise Refused("name-space", _about(text, "contains a space. Enter one name in each field, without spaces around it"), field="names")
    if "*" in host:
        raise Refused(
            "name-wildcard",
            _about(text, "has an asterisk in a wrong place. It may only be the whole first part: *.example.com"),
            field="names",
        )
    if "/" in host or "?" in host or "#" in host or "\\" in host:
        raise Refused(
            "name-url",
            _about(text, "is an address of a page or a path. Enter only the host name, for example www.example.com"),
            field="names",
        )
    if "@" in host:
        raise Refused("name-email", _about(text, "is a mail address. Enter a host name, for example www.example.com"), field="names")
    if ":" in host or "[" in host:
        _refuse_colon(host, text)
    if "_" in host:
        # CA/Browser Forum ballot SC12: no underscore in a dNSName; incident I2.
        raise Refused(
            "name-underscore", _about(text, "contains an underscore. Host names consist of letters, digits and hyphens"), field="names"
        )


def _refuse_invisible(host: str, text: str) -> None:
    """Raise Refused for characters that do not show: they would make two names look the same, or end a C string early."""
    for character in host:
        category = unicodedata.category(character)
        if category in {"Cc", "Cs", "Zl", "Zp"} or (category == "Cf" and character not in _JOINERS):
            raise Refused(
                "name-control-character",
                _about(text, "contains a control character or an invisible one. Type the name anew"),
                field="names",
            )
        if category == "Zs":
            raise Refused(
                "name-space", _about(text, "contains a space. Enter one name in each field, without spaces around it"), field="names"
            )


def _refuse_colon(host: str, text: str) -> None:
    """Raise Refused for an IPv6 address, a port or a scheme, each with its own sentence."""
    address = host.strip("[]").partition("%")[0]
    try:
        ipaddress.IPv6Address(address)
    except ValueError:
        pass
    else:
        raise Refused("name-ip-address", _about(text, "is an IP address. Ask for a host name"), field="names")
    name, colon, _ = host.partition(":")
    if colon and _PORT.fullmatch(host, len(name)):
        raise Refused(
            "name-port", _about(text, "has a port number. A certificate holds the host name only; leave the port out"), field="names"
        )
    raise Refused(
        "name-url",
        _about(text, "has a colon or a bracket, which no host name has. Enter only the host name, for example www.example.com"),
        field="names",
    )


def _map(host: str, text: str) -> str:
    """The host after the UTS 46 mapping: lower case, composed, full-width forms and ideographic dots made plain."""
    try:
        return idna.uts46_remap(host, std3_rules=True, transitional=False)
    except UnicodeError as error:  # idna.IDNAError is one
        raise _idna_refusal(text) from error


def _normalize_label(label: str, text: str) -> str:
    """One label as an A-label; raises Refused if it is no host name label (RFC 1123 2.1) or not allowed by IDNA 2008."""
    if _PLAIN_LABEL.fullmatch(label) and label[2:4] != "--":
        return label
    if not label:
        raise Refused("name-label", _about(text, "has an empty part: two dots in a row, or a dot at the beginning"), field="names")
    if label.isascii() and len(label) > MAX_LABEL_LENGTH:
        raise Refused(
            "name-label",
            _about(text, f"has a part of {len(label)} characters; between two dots at most {MAX_LABEL_LENGTH} are allowed"),
            field="names",
        )
    if label.startswith("-") or label.endswith("-"):
        raise Refused("name-label", _about(text, "has a part that begins or ends with a hyphen"), field="names")
    try:
        a_label = idna.alabel(label).decode("ascii")
        u_label = idna.ulabel(a_label)
    except UnicodeError as error:  # idna.IDNAError is one
        raise _idna_refusal(text) from error
    _refuse_mixed_scripts(u_label, a_label, text)
    return a_label


def _idna_refusal(text: str) -> Refused:
    return Refused(
        "name-idna",
        _about(text, "has a character or a coded part (xn--) that international host names do not allow (IDNA 2008)"),
        field="names",
    )


def _refuse_mixed_scripts(u_label: str, a_label: str, text: str) -> None:
    """Raise Refused if a label mixes scripts that are never written together, as a Cyrillic a in a Latin word (UTS 39 5.2)."""
    scripts = {script for script in map(_script, u_label) if script}
    if len(scripts) > 1 and not any(scripts <= together for together in _WRITTEN_TOGETHER):
        own = "LATIN" if "LATIN" in scripts else min(scripts)
        other = min(scripts - {own})
        foreign = [letter for letter in u_label if _script(letter) == other]
        # As people read it, and beside it as DNS has it: only there the two names differ.
        name, coded = shown(text.replace(a_label, u_label)), shown(text.replace(u_label, a_label))
        theirs, ours = other.capitalize(), own.capitalize()
        sentence = (
            f"The name {name} ({coded}) has {theirs} letters that look like {ours} ones ({', '.join(foreign)}). "
            f"Write it with {ours} letters only."
        )
        raise Refused("name-mixed-script", sentence, field="names")


def _script(character: str) -> str | None:
    """The script of a letter, from its Unicode name; None for digits, hyphens and marks, which go with every script.

    Python has no script table. The first word of a letter's name is its script for all that IDNA 2008 allows, apart
    from the few words in _SCRIPT_OF_NAME.
    """
    if not unicodedata.category(character).startswith("L"):
        return None
    word = unicodedata.name(character, "UNKNOWN").partition(" ")[0]
    return _SCRIPT_OF_NAME.get(word, word)


def _about(text: str, reason: str) -> str:
    return f'The name "{shown(text)}" {reason}.'


def _about_address(text: str, reason: str) -> str:
    return f'"{shown(text)}" {reason}.'
