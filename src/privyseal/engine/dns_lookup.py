"""Asking the DNS: resolvers by address and port, one after the other, with a deadline over all of them.

DNSSEC is the resolver's work: point this at one that validates, and a forged zone arrives as SERVFAIL. What gets lost:
everything of an answer but its values, how long they live, and whether the resolver vouches for them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final, cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rdtypes.ANY.TXT

from privyseal.model.errors import Refused, Unavailable

_MAXIMUM_SHOWN_CHARACTERS: Final = 80
_MAXIMUM_ADDRESSES: Final = 8
_EDNS_PAYLOAD: Final = 1232  # DNS flag day 2020: fits every path without fragments


@dataclass(frozen=True, slots=True)
class DnsAnswer:
    """``values`` in the order of arrival (empty: no such record), from ``resolver``, DNSSEC-``authenticated`` or not.

    They may be kept for ``ttl_seconds``, the shortest of everything that led to them.
    """

    values: tuple[str, ...]
    resolver: str
    authenticated: bool
    ttl_seconds: int


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
        problems: list[str] = []
        for address, port in self.resolvers:
            resolver = endpoint_text(address, port)
            try:
                response = _exchange(query, address, port, share, deadline)
                rcode = response.rcode()
                if rcode in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
                    values, ttl_seconds = _values(response)
                    return DnsAnswer(values, resolver, bool(response.flags & dns.flags.AD), ttl_seconds)
                problems.append(f"{resolver} answered {dns.rcode.to_text(rcode)}")
            except dns.exception.Timeout:
                problems.append(f"{resolver} did not answer in time")
            except EOFError:
                problems.append(f"{resolver} hung up")
            except OSError as error:
                problems.append(f"{resolver} could not be reached ({error.strerror or type(error).__name__})")
            except (dns.exception.DNSException, ValueError) as error:
                problems.append(f"{resolver} could not be understood ({type(error).__name__})")
        raise _lookup_failed(name, record_type, problems)


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


def _values(response: dns.message.Message) -> tuple[tuple[str, ...], int]:
    """Return the records of the asked type as text, CNAMEs inside the answer followed, and how long they live in seconds."""
    # dnspython accepts as a response only a message of the query's own opcode.
    chain = cast("dns.message.QueryMessage", response).resolve_chaining()
    values = tuple(
        b"".join(record.strings).decode("utf-8", "backslashreplace") if isinstance(record, dns.rdtypes.ANY.TXT.TXT) else str(record)
        for record in chain.answer or ()
    )
    return values, chain.minimum_ttl


def _lookup_failed(name: str, record_type: dns.rdatatype.RdataType, problems: list[str]) -> Unavailable:
    what = f"the {dns.rdatatype.to_text(record_type)} record of {name}"
    if not problems:
        return Unavailable("dcv-resolver-failed", f"No resolver is configured to look up {what}. Name one in the settings.")
    told = "; ".join(problems)
    kind = "dcv-timeout" if all(problem.endswith(" did not answer in time") for problem in problems) else "dcv-resolver-failed"
    sentence = (
        f"Looking up {what} failed: resolver {told}. Check that the name servers of the domain answer and that its "
        "DNSSEC signatures are valid, then check again."
    )
    return Unavailable(kind, sentence, retry_after_seconds=30)


def endpoint_text(address: str, port: int) -> str:
    """Return ``address:port``, an IPv6 address in brackets."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def printable(text: str) -> str:
    """Return ``text`` with everything but printable ASCII escaped: what a stranger's DNS says goes to logs and screens."""
    return "".join(character if " " <= character <= "~" else f"\\u{ord(character):04x}" for character in text)
