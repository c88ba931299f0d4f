"""The subscriber's site of each organization, under ``/o/{org}/``: ask for a certificate, follow it, pick it up, replace, revoke.

Nobody signs in here. Whoever has the address of a draft or a request sees it, and what changes a request or a certificate
asks for its challenge phrase (requirements 4.3). Everything works without scripts.
"""

from __future__ import annotations

from pathlib import Path

from privyseal.pages.portal import certificate, confirmation, enroll, enroll_csr, enroll_send, replace, revoke, search, start, status
from privyseal.pages.portal.entry import portal_frame
from privyseal.reception.site import Site

SITE = Site(
    name="portal",
    pages=(
        *start.PAGES,
        *enroll.PAGES,
        *enroll_csr.PAGES,
        *enroll_send.PAGES,
        *confirmation.PAGES,
        *status.PAGES,
        *search.PAGES,
        *certificate.PAGES,
        *replace.PAGES,
        *revoke.PAGES,
    ),
    templates=Path(__file__).parent / "templates",
    frame=portal_frame,
)
