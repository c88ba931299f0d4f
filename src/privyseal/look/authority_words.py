"""What people call the CAs of a service, and whether one issues."""

from __future__ import annotations

from privyseal.look.words import gettext


def authority_words(kind: str) -> tuple[str, str]:
    """Return what people call a CA of this kind, and what it signs; the kinds are the short names as well."""
    words = {
        "root": (gettext("Root CA"), gettext("Signs the issuing CA, and nothing else. Computers trust the service by it.")),
        "issuing": (gettext("Issuing CA"), gettext("Signs the certificates of the organizations' servers.")),
        "administrators": (gettext("Administrators' CA"), gettext("Signs the credentials of administrators. No browser trusts it.")),
    }
    words |= {
        "test-root": (gettext("Test root CA"), gettext("Signs the test CA of trials. Nobody trusts it, and it is given to nobody else.")),
        "test-issuing": (gettext("Test CA"), gettext("Signs the certificates of trials, whose names say TEST. Nobody trusts them.")),
    }
    return words.get(kind, (kind, ""))


def issuing_words(*, issues: bool) -> str:
    """Return whether a CA issues, in a few words."""
    return gettext("Issues certificates") if issues else gettext("Paused: issues nothing")


def issuing_consequence(*, issues: bool) -> str:
    """Return what comes of it when a CA is paused or goes on."""
    if issues:
        return gettext("What was approved before the pause is issued by itself then, as far as the approvals have not expired.")
    return gettext("Nobody can approve then, and nothing is issued. Requests come in and wait. Revoking, CRL and OCSP go on.")
