"""The world outside as the settings have it: resolvers, perspectives, and where HTTP tokens may be fetched."""

from __future__ import annotations

import ipaddress

import dns.resolver

from privyseal.cli.settings import Settings, read_resolver
from privyseal.engine.dns_lookup import DnsLookup
from privyseal.engine.guarded_https import HttpsPolicy
from privyseal.engine.perspectives import Perspective, Perspectives
from privyseal.engine.token_fetch import FetchPolicy
from privyseal.engine.world import World

SIGN_ON_SECONDS = 5.0
"""How long a provider may take for one of its documents: a person waits."""

LOOPBACK = tuple(ipaddress.ip_network(text) for text in ("127.0.0.0/8", "::1/128"))


def make_world(settings: Settings) -> World:
    """Return what entrances and the work process look at the world with."""
    places = (text.partition("=") for text in settings.remote_resolvers)
    remote = tuple(Perspective(name, DnsLookup((read_resolver(address),))) for name, _, address in places)
    return World(
        Perspectives(DnsLookup(resolver_addresses(settings)), remote, settings.quorum), fetch_policy(settings), https_policy(settings)
    )


def resolver_addresses(settings: Settings) -> tuple[tuple[str, int], ...]:
    """Return (address, port) of the resolvers in the settings, or of this machine."""
    if settings.resolvers:
        return tuple(read_resolver(text) for text in settings.resolvers)
    return tuple((str(address), 53) for address in dns.resolver.Resolver().nameservers)


def fetch_policy(settings: Settings) -> FetchPolicy:
    """Where HTTP tokens may be fetched."""
    opened = LOOPBACK if settings.allow_loopback_validation else ()
    return FetchPolicy((settings.http_validation_port,), allow_private=settings.allow_private_validation, allowed_networks=opened)


def https_policy(settings: Settings) -> HttpsPolicy:
    """Where providers of OpenID Connect may lie, and whose certificates they may show; raises OSError for a file that is not there."""
    opened = LOOPBACK if settings.allow_loopback_validation else ()
    allowed = FetchPolicy(
        settings.sign_on_ports, allow_private=settings.allow_private_sign_on, allowed_networks=opened, timeout_seconds=SIGN_ON_SECONDS
    )
    anchors = settings.path(settings.sign_on_anchors).read_text() if settings.sign_on_anchors is not None else ""
    return HttpsPolicy(allowed, anchors)
