"""The slim front for CRLs, OCSP answers, CA certificates and the public part of the audit log, over plain http.

It reads the database and never writes, holds one key of its own (the delegated OCSP key) and imports neither SQLAlchemy
nor a web framework, so that it starts at once and answers from memory. The way of a request: ``connection`` cuts
the byte stream into requests, ``http/`` reads their heads and says what an address means, ``front`` asks
``ocsp_answers``, ``crl_answers``, ``log_files`` or ``authorities``. ``database/`` has the SQL, ``pulse`` looks once a second
whether anything was revoked or published, ``server`` starts and stops everything.
"""
