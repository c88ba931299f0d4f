"""What may happen to passkeys before they are credentials: offered, enrolled by link, added by their owner."""
