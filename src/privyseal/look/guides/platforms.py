"""The kinds of servers that there are instructions for."""

from __future__ import annotations

import enum
import re
from typing import Final

from privyseal.look.words import gettext


class Platform(enum.Enum):
    """The value is what a request keeps of the answer."""

    NGINX = "nginx"
    APACHE = "apache"
    IIS = "iis"
    TOMCAT = "tomcat"
    HAPROXY = "haproxy"
    EXCHANGE = "exchange"
    POSTFIX = "postfix"
    OTHER = "other"


def title(platform: Platform) -> str:
    """Return the name that people know it by."""
    return _TITLES.get(platform) or gettext("Another server")


def platform_of(text: str) -> Platform:
    """Return the kind that is meant by what somebody wrote, as people write it: "Apache 2.4" is one, and so is "httpd"."""
    return next((platform for platform, pattern in _WRITTEN if pattern.search(text)), Platform.OTHER)


_TITLES: Final = {
    Platform.NGINX: "nginx",
    Platform.APACHE: "Apache httpd",
    Platform.IIS: "Microsoft IIS",
    Platform.TOMCAT: "Tomcat, Java",
    Platform.HAPROXY: "HAProxy",
    Platform.EXCHANGE: "Microsoft Exchange",
    Platform.POSTFIX: "Postfix, Dovecot",
}

_WRITTEN: Final = tuple(
    (platform, re.compile(pattern, re.IGNORECASE))
    for platform, pattern in (
        (Platform.NGINX, r"nginx"),
        (Platform.TOMCAT, r"tomcat|java|jetty|keytool"),
        (Platform.APACHE, r"apache|httpd"),
        (Platform.EXCHANGE, r"exchange"),
        (Platform.IIS, r"\biis\b|windows"),
        (Platform.HAPROXY, r"haproxy"),
        (Platform.POSTFIX, r"postfix|dovecot"),
    )
)
"""Tomcat before Apache: it is called Apache Tomcat as well."""
