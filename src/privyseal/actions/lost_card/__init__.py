"""A lost card: the corporate contact asks, the provider confirms after a call, everything of that person ends."""
