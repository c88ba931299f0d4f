"""The Administrator's Kit: one file that holds everything a new administrator needs and no secret (A31, A33, A35).

The one-time link comes in a letter of its own: whoever gets hold of the kit alone can do nothing with it.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass

from privyseal.actions.house import House
from privyseal.engine.pem import certificate_to_pem
from privyseal.model.organization import Organization, require_active

_EPOCH = (2020, 1, 1, 0, 0, 0)
"""The same kit is the same bytes, whenever it is made."""


@dataclass(frozen=True, slots=True)
class Kit:
    """``content`` is a zip file; ``fingerprint`` is the SHA-256 of the root in pairs, as browsers show it."""

    file_name: str
    content: bytes
    fingerprint: str


def make_kit(house: House, organization: Organization) -> Kit:
    """Return the kit of an organization; raises Refused ``organization-not-active``: no kit before that (A35, I17)."""
    require_active(organization)
    root = house.root_for(organization).issuer.certificate_der
    digest = hashlib.sha256(root).hexdigest().upper()
    fingerprint = ":".join(digest[start : start + 2] for start in range(0, len(digest), 2))
    service = house.service
    files = {
        "READ-ME-FIRST.txt": _steps(house, organization, fingerprint).encode(),
        "root.pem": certificate_to_pem(root).encode(),
        "root.cer": root,
        "seal.toml": f'service = "{service.base_url}"\norganization = "{organization.slug}"\nroot = "root.pem"\n'.encode(),
    }
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{organization.slug}-kit/{name}", _EPOCH)
            entry.external_attr = 0o600 << 16
            archive.writestr(entry, content)
    return Kit(f"{organization.slug}-administrators-kit.zip", written.getvalue(), fingerprint)


def _steps(house: House, organization: Organization, fingerprint: str) -> str:
    base, slug = house.service.base_url, organization.slug
    compare = "Compare the fingerprint of the root certificate (SHA-256) with what your provider tells you by telephone"
    trust = "Import root.cer into the browser or the computer that you will work on."
    if organization.is_trial:
        compare = "The fingerprint of the test root certificate (SHA-256), as the page of this kit shows it"
        trust = "Give root.pem to the programs that you test with. Never import it into a browser or a computer that you work on."
    trial = "\nThis is a TEST: a trial that nobody vetted. Nobody trusts its certificates; its root is in this kit alone.\n"
    return f"""Administrator's Kit of {organization.name}
at {house.service.service_id}
{trial if organization.is_trial else ""}
1. {compare}:

   {fingerprint}

   openssl x509 -in root.pem -noout -fingerprint -sha256

2. {trust}

3. Open the one-time link that came in a letter of its own, and make a passkey there. Or make an Administrator ID,
   a certificate whose key is made on this computer and stays here:

   pip install privyseal
   seal administrator enroll --service {base} CODE

   The link works for an hour and once. When it is too late, ask your provider for a new one.

4. Sign in at your control center:

   {base}/o/{slug}/console/

   The page "Administrator's Kit" there checks what is still to be done.

5. Invite a second administrator before you need one. A lost card is then no emergency, and policies can ask for two approvals.

6. Give this address to the people who run servers:

   {base}/o/{slug}/

7. Put seal.toml beside root.pem into the folder ~/.config/privyseal on the computers that use the command seal.
   For certificates of people and mail there is a kit for your own site (privyseal-site): your provider tells you when you need it.
"""
