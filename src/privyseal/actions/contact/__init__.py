"""Another contact of an organization: proposed, answered at both addresses, applied; never by one person alone."""
