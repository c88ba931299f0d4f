"""How people come in at the pages and go out again: one business sentence per file."""
