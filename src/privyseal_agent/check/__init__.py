"""The check from outside: is the certificate really served, and would a stranger accept it?

Connects to HOST:PORT as any client does and gives one verdict of ok, name mismatch, untrusted issuer, expired, revoked
or recorded, with the sentence that says what to do about it.
"""
