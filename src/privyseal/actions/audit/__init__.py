"""What may happen to the audit logs: one business sentence per file."""
