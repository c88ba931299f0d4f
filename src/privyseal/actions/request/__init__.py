"""What may happen to requests for certificates: one business sentence per file."""
