"""A key of Debian's faulty generator (CVE-2008-0166), made on an affected system and published as a sample by the badkeys project."""

from __future__ import annotations

DEBIAN_KEY = b"""\
-----BEGIN RSA PUBLIC KEY-----
MIIBCgKCAQEAwJZTDExKND/DiP+LbhTIi2F0hZZt0PdX897LLwPf3+b1GOCUj1OH
BZvVqhJPJtOPE53W68I0NgVhaJdY6bFOA/cUUIFnN0y/ZOJOJsPNle1aXQTjxAS+
FXu4CQ6a2pzcU+9+gGwed7XxAkIVCiTprfmRCI2vIKdb61S8kf5D3YdVRH/Tq977
nxyYeosEGYJFBOIT+N0mqca37S8hA9hCJyD3p0AM40dD5M5ARAxpAT7+oqOXkPzf
zLtCTaHYJK3+WAce121Br4NuQJPqYPVxniUPohT4YxFTqB7vwX2C4/gZ2ldpHtlg
JVAHT96nOsnlz+EPa5GtwxtALD43CwOlWQIDAQAB
-----END RSA PUBLIC KEY-----
"""

DEBIAN_KEY_SHA256 = "9449eb4873a6a19a803682bcadbdca86e8c54b139e6105c1f9dc00e7b2b997a2"
"""Of its SubjectPublicKeyInfo, by ``openssl rsa -RSAPublicKey_in -pubout -outform DER | sha256sum``."""
