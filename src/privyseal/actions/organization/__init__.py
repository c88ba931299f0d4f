"""What may happen to organizations, their domains, units and policies: one business sentence per file."""
