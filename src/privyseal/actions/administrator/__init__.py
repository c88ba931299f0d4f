"""What may happen to administrators, their credentials, and API tokens: one business sentence per file."""
