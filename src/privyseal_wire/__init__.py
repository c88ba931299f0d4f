"""What the three parties share: messages, their canonical form, signatures over them and proofs about the log.

Here live byte formats only: no storage, no clock, no network. The service, the site kit and the agent import this
package and it imports none of them. Every format has vectors in tests/vectors that a foreign program (openssl, Go)
verifies too. Start with ``statements`` for what is signed, ``cms`` for how, ``export`` for how an auditor checks.
"""
