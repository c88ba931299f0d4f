"""Changes under dual control: propose one, sign, refuse or withdraw it, let it expire."""
