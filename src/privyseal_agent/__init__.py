"""The agent on a server or a person's computer, with its command ``seal``.

It makes and keeps that computer's own keys, sends requests, signs approvals on the administrator's side, installs
certificates and checks from outside that they are served. It talks to the service over REST alone and imports nothing
of it; what both must agree on byte for byte lives in ``privyseal_wire``.
"""
