"""The service of the provider: managed PKI in which the organization approves and the provider signs.

Nouns live in ``model``, bytes and keys in ``engine``, tables in ``store``, verbs in ``actions``; around them stand the
ways in (``doors``, ``features``), the durable work (``jobs``), the process that opens CA keys (``issuer``), the public
front for CRL and OCSP (``status``) and the operator's command (``cli``). Imports point one way, and only ``app`` sees
every room. This package shares nothing with the agent and the site kit but ``privyseal_wire``.
"""
