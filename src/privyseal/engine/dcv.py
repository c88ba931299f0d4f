"""Domain control validation: really looking whether an organization controls a domain (requirements A37, I15).

Two methods: a DNS TXT record, and a token served over plain http (fetched by engine/token_fetch.py). Both are asked of
the world that the caller passes in: resolvers with address and port, and a policy on where a connection may go. There
is no WHOIS method and never will be: contact addresses from WHOIS can be bought with a lapsed server name (.mobi, 2024).
Called by the action that validates a domain; for how long the evidence may be reused stands in model/rules.py. DNSSEC
is the resolver's work: point this at one that validates, and a forged zone arrives as SERVFAIL. What gets lost: answers
beyond the caps, and everything an http server says except that it said the token.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rdtypes.ANY.TXT

from privyseal.engine.token_fetch import FetchPolicy, TokenFetch
from privyseal.model.domain import ValidationMethod
from privyseal.model.errors import Refused, Unavailable

CHALLENGE_LABEL: Final = "_privyseal-challenge"
CHALLENGE_PATH: Final = "/.well-known/privyseal-challenge/"

_MAXIMUM_ANSWERS: Final = 10
_MAXIMUM_ANSWER_CHARACTERS: Final = 255
_MAXIMUM_SHOWN_CHARACTERS: Final = 80
_MAXIMUM_ADDRESSES: Final = 8
_MINIMUM_TOKEN_CHARACTERS: Final = 16
_HTTP_PORT: Final = 80
_EDNS_PAYLOAD: Final = 1232  # DNS flag day 2020: fits every path without fragments


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen when control was shown; kept with the domain for as long as it is relied on (A37).

    ``name`` is the record or URL asked, ``answers`` what it said (at most 10 of at most 255 characters), ``resolvers``
    the ``address:port`` of each resolver asked, ``connected_to`` the web server's address (empty for DNS),
    ``authenticated`` whether the resolver vouched for the DNS answer by DNSSEC (RFC 4035 3.2.3, the AD bit).
    """

    method: ValidationMethod
    name: str
    answers: tuple[str, ...]
    resolvers: tuple[str, ...]
    connected_to: str
    authenticated: bool
    at: datetime

    def to_json(self) -> str:
        """Return the evidence as one line of JSON with sorted keys, ``at`` in ISO 8601."""
        return json.dumps(
            {
                "method": self.method.value,
                "name": self.name,
                "answers": self.answers,
                "resolvers": self.resolvers,
                "connected_to": self.connected_to,
                "authenticated": self.authenticated,
                "at": self.at.isoformat(),
            },
            sort_keys=True,
        )


@dataclass(frozen=True, slots=True)
class DnsAnswer:
    """``values`` in the order of arrival (empty: no such record), from ``resolver``, DNSSEC-``authenticated`` or not."""

    values: tuple[str, ...]
    resolver: str
    authenticated: bool


@dataclass(frozen=True, slots=True)
class DnsLookup:
    """Asks the given resolvers, one after the other until one answers; each by UDP first, then by TCP.

    ``resolvers`` are (IP address, port); ``timeout_seconds`` is the total for one call over all of them. Every method
    raises Unavailable ``dcv-timeout`` (nobody answered) or ``dcv-resolver-failed`` (SERVFAIL, REFUSED, nonsense), and
    Refused ``dcv-name`` for text that is not a host name. Nothing is cached here.
    """

    resolvers: tuple[tuple[str, int], ...]
    timeout_seconds: float = 10.0

    def txt_values(self, name: str) -> tuple[str, ...]:
        """Return the TXT records of ``name``, the strings of each joined (RFC 7208 3.3); empty if there are none."""
        return self.ask(name, dns.rdatatype.TXT).values

    def addresses(self, name: str) -> tuple[str, ...]:
        """Return up to 8 addresses of ``name``, IPv4 first; empty if there are none."""
        deadline = time.monotonic() + self.timeout_seconds
        found: list[str] = []
        failure: Unavailable | None = None
        for record_type in (dns.rdatatype.A, dns.rdatatype.AAAA):
            try:
                found += self._ask_until(name, record_type, deadline).values
            except Unavailable as unavailable:
                # Servers that fail only on AAAA exist; they should not bar a domain whose A record is fine.
                failure = unavailable
        if failure is not None and not found:
            raise failure
        return tuple(found[:_MAXIMUM_ADDRESSES])

    def ask(self, name: str, record_type: dns.rdatatype.RdataType) -> DnsAnswer:
        """Return the records of one type, aliases (CNAME) followed as far as the answer holds them."""
        return self._ask_until(name, record_type, time.monotonic() + self.timeout_seconds)

    def _ask_until(self, name: str, record_type: dns.rdatatype.RdataType, deadline: float) -> DnsAnswer:
        query = dns.message.make_query(_dns_name(name), record_type, use_edns=0, payload=_EDNS_PAYLOAD)
        query.flags |= dns.flags.AD  # RFC 6840 5.7: asks for the AD bit in the answer
        share = self.timeout_seconds / (2 * max(1, len(self.resolvers)))
        troubles: list[tuple[str, str]] = []
        for address, port in self.resolvers:
            resolver = _endpoint(address, port)
            try:
                response = _exchange(query, address, port, share, deadline)
                rcode = response.rcode()
                if rcode == dns.rcode.NXDOMAIN:
                    return DnsAnswer((), resolver, bool(response.flags & dns.flags.AD))
                if rcode == dns.rcode.NOERROR:
                    return DnsAnswer(_values(response), resolver, bool(response.flags & dns.flags.AD))
                troubles.append((resolver, f"answered {dns.rcode.to_text(rcode)}"))
            except dns.exception.Timeout:
                troubles.append((resolver, "did not answer in time"))
            except (OSError, EOFError) as error:
                troubles.append((resolver, f"could not be reached ({getattr(error, 'strerror', None) or 'it hung up'})"))
            except (dns.exception.DNSException, ValueError) as error:
                troubles.append((resolver, f"could not be understood ({type(error).__name__})"))
        raise _lookup_failed(name, record_type, troubles)


def challenge_name(domain: str) -> str:
    """Return the name whose TXT record is looked up for ``domain``."""
    return f"{CHALLENGE_LABEL}.{domain}"


def http_token_id(token: str) -> str:
    """Return the last path part under which ``token`` is served.

    It is a hash of the token, so that a server which echoes the path of every request does not pass by accident.
    """
    return hashlib.sha256(b"privyseal-challenge\0" + token.encode()).hexdigest()[:32]


def challenge_url(domain: str, token: str, port: int = 80) -> str:
    """Return the URL that is fetched for ``domain``."""
    authority = domain if port == _HTTP_PORT else f"{domain}:{port}"
    return f"http://{authority}{CHALLENGE_PATH}{http_token_id(token)}"


def txt_record_to_publish(domain: str, token: str) -> str:
    """Return the record in the words of a zone file, as every page and refusal shows it."""
    return f'{challenge_name(domain)}. IN TXT "{token}"'


def validate_dns_txt(domain: str, token: str, lookup: DnsLookup, *, now: datetime) -> Evidence:
    """Look up the TXT record of ``_privyseal-challenge.<domain>`` and return the evidence if one equals ``token``.

    ``domain`` is normalized (A-labels, no wildcard, no trailing dot). Raises Refused ``dcv-no-answer`` or
    ``dcv-mismatch``, each saying which record to publish, and Unavailable as DnsLookup does.
    """
    _require_token(token)
    name = challenge_name(domain)
    answer = lookup.ask(name, dns.rdatatype.TXT)
    publish = f"Publish this record in the DNS of {domain} and check again: {txt_record_to_publish(domain, token)}"
    if not answer.values:
        raise Refused("dcv-no-answer", f"There is no TXT record at {name}. {publish}", field="domain")
    if not _any_equals(answer.values, token):
        shown = printable(answer.values[0])[:_MAXIMUM_SHOWN_CHARACTERS]
        more = f" and {len(answer.values) - 1} more" if len(answer.values) > 1 else ""
        sentence = f'The TXT record at {name} says "{shown}"{more}, not the token of your organization. {publish}'
        raise Refused("dcv-mismatch", sentence, field="domain")
    # The token first: the cap must never cut off the very answer that is the evidence.
    seen = sorted(answer.values, key=lambda value: value.strip() != token)
    return Evidence(
        method=ValidationMethod.DNS_TXT,
        name=name,
        answers=tuple(printable(value)[:_MAXIMUM_ANSWER_CHARACTERS] for value in seen[:_MAXIMUM_ANSWERS]),
        resolvers=(answer.resolver,),
        connected_to="",
        authenticated=answer.authenticated,
        at=now,
    )


def validate_http_token(domain: str, token: str, lookup: DnsLookup, policy: FetchPolicy, *, now: datetime) -> Evidence:
    """Fetch the token from ``http://<domain>/.well-known/privyseal-challenge/<token id>`` and return the evidence.

    1. Resolve the domain once. 2. Keep the addresses that ``policy`` allows. 3. Connect to one of those, never to the
    name, so that an answer that changes in between (DNS rebinding) cannot move the connection. 4. Follow up to three
    redirects on the same host and the same addresses. 5. Compare the body, trimmed.

    Raises Refused ``dcv-no-answer``, ``dcv-mismatch``, ``dcv-address-refused`` and as TokenFetch.fetch does, and
    Unavailable ``dcv-timeout`` and as DnsLookup does.
    """
    _require_token(token)
    url = challenge_url(domain, token, policy.ports[0])
    found = lookup.addresses(domain)
    advice = f"Serve {url} over plain http with exactly this content and check again: {token}"
    if not found:
        sentence = f"There is no address (A or AAAA record) for {domain}, so its token cannot be fetched. {advice}"
        raise Refused("dcv-no-answer", sentence, field="domain")
    fetched = TokenFetch(domain, found, policy, advice=advice).fetch(url)
    if not hmac.compare_digest(fetched.body.strip(), token.encode()):
        sentence = f"The server of {domain} answered {url} with something other than the token. {advice}"
        raise Refused("dcv-mismatch", sentence, field="domain")
    return Evidence(
        method=ValidationMethod.HTTP_TOKEN,
        name=url,
        answers=(token,),
        resolvers=tuple(_endpoint(host, port) for host, port in lookup.resolvers),
        connected_to=fetched.address,
        authenticated=False,
        at=now,
    )


def _exchange(query: dns.message.QueryMessage, address: str, port: int, share: float, deadline: float) -> dns.message.Message:
    """Return the resolver's response: by UDP, and by TCP if that was cut or stayed silent (RFC 7766 5)."""
    try:
        return dns.query.udp(
            query,
            address,
            port=port,
            timeout=_until(deadline, share),
            raise_on_truncation=True,
            # Forged or stray packets are waited out instead of ending the look-up.
            ignore_unexpected=True,
            ignore_errors=True,
        )
    except (dns.message.Truncated, dns.exception.Timeout):
        return dns.query.tcp(query, address, port=port, timeout=_until(deadline, share))


def _until(deadline: float, share: float) -> float:
    remaining = min(share, deadline - time.monotonic())
    if remaining <= 0:
        raise dns.exception.Timeout
    return remaining


def _dns_name(name: str) -> dns.name.Name:
    """Return the absolute name, or raise Refused ``dcv-name`` for anything but ASCII labels within the limits of RFC 1035."""
    try:
        return dns.name.from_text(name.encode("ascii").decode("ascii"))
    except (dns.exception.DNSException, UnicodeError) as error:
        sentence = f"{printable(name)[:_MAXIMUM_SHOWN_CHARACTERS]} cannot be looked up in the DNS: it is too long or not a host name."
        raise Refused("dcv-name", sentence, field="domain") from error


def _values(response: dns.message.Message) -> tuple[str, ...]:
    """Return the records of the asked type as text, CNAMEs inside the answer followed."""
    # dnspython accepts as a response only a message of the query's own opcode.
    records = cast("dns.message.QueryMessage", response).resolve_chaining().answer or ()
    return tuple(
        b"".join(record.strings).decode("utf-8", "backslashreplace") if isinstance(record, dns.rdtypes.ANY.TXT.TXT) else str(record)
        for record in records
    )


def _lookup_failed(name: str, record_type: dns.rdatatype.RdataType, troubles: list[tuple[str, str]]) -> Unavailable:
    what = f"the {dns.rdatatype.to_text(record_type)} record of {name}"
    if not troubles:
        return Unavailable("dcv-resolver-failed", f"No resolver is configured to look up {what}. Name one in the settings.")
    told = "; ".join(f"{resolver} {trouble}" for resolver, trouble in troubles)
    kind = "dcv-timeout" if all(trouble == "did not answer in time" for _, trouble in troubles) else "dcv-resolver-failed"
    sentence = (
        f"Looking up {what} failed: resolver {told}. Check that the name servers of the domain answer and that its "
        "DNSSEC signatures are valid, then check again."
    )
    return Unavailable(kind, sentence, retry_after_seconds=30)


def _any_equals(values: tuple[str, ...], token: str) -> bool:
    """Compare all values, each in constant time, without stopping at the first that fits."""
    matches = [hmac.compare_digest(value.strip().encode("utf-8"), token.encode()) for value in values]
    return any(matches)


def _require_token(token: str) -> None:
    """An empty or short token would match by accident: that is a bug of the caller, not an answer to a person."""
    if len(token) < _MINIMUM_TOKEN_CHARACTERS:
        message = f"a validation token has at least {_MINIMUM_TOKEN_CHARACTERS} characters"
        raise ValueError(message)


def _endpoint(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def printable(text: str) -> str:
    """Return ``text`` with everything but printable ASCII escaped: what a stranger's DNS says goes to logs and screens."""
    return "".join(character if " " <= character <= "~" else f"\\u{ord(character):04x}" for character in text)
