"""A trial: somebody asks, confirms the address, tries for thirty days; then it ends by itself."""
