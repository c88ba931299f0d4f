"""Bytes and keys: names, CSRs, key policy, certificates, CRLs, OCSP, lint, the Merkle tree, challenge phrases.

Everything here is pure: bytes in, values out, with the time, the randomness and the keys as arguments. Whatever breaks
a rule ends in ``Refused`` or ``BadRequest`` of :mod:`privyseal.model.errors`, whichever library found it. The engine
knows no database, no web and no job; actions bring rows and bytes together. ``signers`` is the only way to a key.
"""
