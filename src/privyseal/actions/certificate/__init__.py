"""What may happen to certificates, from preparation to revocation: one business sentence per file."""
