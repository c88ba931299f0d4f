"""Signing in through an organization's own OpenID Connect provider, for reading only: set up, linked, used, ended."""
