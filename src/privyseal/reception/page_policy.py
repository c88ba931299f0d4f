"""What a browser lets a page of ours do (Content Security Policy 3): nothing inline, nothing of others, and forms to its own side alone.

All organizations share one origin, so nothing that a form carries tells whose page it stood on. The policy does: a form on a
page of one organization goes to pages of that organization, and a browser sends it nowhere else, also if somebody ever found
a way to write one into the page. Paths of a policy that end with a slash stand for all below it; they are not looked at after
a redirect (section 6.7.2.7).
"""

from __future__ import annotations

import re
from typing import Final

from starlette.requests import Request

from privyseal.actions.house import ServiceIdentity
from privyseal.model.errors import NotFound
from privyseal.reception.audiences import audience_of_path, site_of
from privyseal.reception.origins import called_origin

_COMMON: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
_PUBLIC: Final = re.compile(r"[a-z-]{1,40}")
"""The first part of an address of the public pages; anything else could write into the policy."""


def page_policy(request: Request, service: ServiceIdentity) -> str:
    """Return the policy of the page at the address of this call."""
    return f"{_COMMON}; form-action {_form_targets(request.url.path, called_origin(request, service))}"


def _form_targets(path: str, origin: str) -> str:
    try:
        place = site_of(audience_of_path(path))
    except NotFound:
        first = path.split("/")[1]
        if first == "o" or not _PUBLIC.fullmatch(first):
            return "'none'"
        place = f"/{first}"
    # At an address that is not configured the browser's own word for the origin has no path.
    return f"{origin}{place} {origin}{place}/" if origin else "'self'"
