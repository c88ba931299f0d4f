"""The process that opens CA keys; no other process can (architecture section 6).

It takes ids and nothing more: whatever it signs it reads from the database and verifies again. The web process talks
to it through ``client`` over a socket that only the service's users can open.
"""
