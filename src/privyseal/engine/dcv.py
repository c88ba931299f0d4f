"""Domain control validation: really looking whether an organization controls a domain (requirements A37, I15).

Two methods: a DNS TXT record, and a token served over plain http (fetched by engine/token_fetch.py). Both are asked of
the world that the caller passes in: resolvers with address and port, and a policy on where a connection may go. There
is no WHOIS method and never will be: contact addresses from WHOIS can be bought with a lapsed server name (.mobi, 2024).
Called through engine/domain_control.py; for how long the evidence may be reused stands in model/rules.py. What gets lost:
answers beyond the caps, and everything an http server says except that it said the token.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import dns.rdatatype

from privyseal.engine.dns_lookup import DnsLookup, endpoint_text, printable
from privyseal.engine.perspectives import View
from privyseal.engine.token_fetch import FetchPolicy, TokenFetch
from privyseal.model.domain import ValidationMethod
from privyseal.model.errors import Refused

CHALLENGE_LABEL: Final = "_privyseal-challenge"
CHALLENGE_PATH: Final = "/.well-known/privyseal-challenge/"

_MAXIMUM_ANSWERS: Final = 10
_MAXIMUM_ANSWER_CHARACTERS: Final = 255
_MAXIMUM_SHOWN_CHARACTERS: Final = 80
_MINIMUM_TOKEN_CHARACTERS: Final = 16
_HTTP_PORT: Final = 80


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen when control was shown; kept with the domain for as long as it is relied on (A37).

    ``name`` is the record or URL asked, ``answers`` what it said (at most 10 of at most 255 characters), ``resolvers``
    the ``address:port`` of each resolver asked, ``connected_to`` the web server's address (empty for DNS),
    ``authenticated`` whether the resolver vouched for the DNS answer by DNSSEC (RFC 4035 3.2.3, the AD bit), ``views`` what
    the other perspectives came to.
    """

    method: ValidationMethod
    name: str
    answers: tuple[str, ...]
    resolvers: tuple[str, ...]
    connected_to: str
    authenticated: bool
    at: datetime
    views: tuple[View, ...] = ()

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
                "perspectives": [view.to_evidence() for view in self.views],
            },
            sort_keys=True,
        )


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
        resolvers=tuple(endpoint_text(host, port) for host, port in lookup.resolvers),
        connected_to=fetched.address,
        authenticated=False,
        at=now,
    )


def _any_equals(values: tuple[str, ...], token: str) -> bool:
    """Compare all values, each in constant time, without stopping at the first that fits."""
    matches = [hmac.compare_digest(value.strip().encode("utf-8"), token.encode()) for value in values]
    return any(matches)


def _require_token(token: str) -> None:
    """An empty or short token would match by accident: that is a bug of the caller, not an answer to a person."""
    if len(token) < _MINIMUM_TOKEN_CHARACTERS:
        message = f"a validation token has at least {_MINIMUM_TOKEN_CHARACTERS} characters"
        raise ValueError(message)
