"""Tables and queries, one file per noun; the transaction; the outbox; failpoints; migrations.

SQLite and PostgreSQL are equals. Nothing here knows a key or a certificate from inside: bytes go in, bytes come out.
Races are decided by conditional UPDATEs, never by reading first and writing then.
"""
