"""The tree of departments of an organization, and what belongs where in it."""
