"""What to do on a server, word for word: make a key and a CSR, install a certificate; one set of steps for each kind of server.

Instructions are words, so they stand with the look: letters and pages show the same ones (requirements A25).
"""
