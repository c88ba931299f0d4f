"""What pyca raises on certificates, CRLs and keys of others that are broken: five families beside ValueError."""

from __future__ import annotations

from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

UNREADABLE: Final = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""To be caught around every accessor, not only around loading: pyca parses late. ExtensionNotFound is not among them."""
