"""The service, as seen from outside: requests and answers over REST, errors as sentences, the live stream of changes."""
