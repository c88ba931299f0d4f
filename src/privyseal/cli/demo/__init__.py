"""`privyseal demo`: a whole service with demo data on this machine, and story 1 walked through it.

Everything goes the ways a customer would go: the processes of `serve`, REST through the `seal` command, letters into a
Maildir, a real look-up for domain validation (answered by a resolver of the demo's own), a real web server.
"""
