"""Reviews of who may do what, once in every quarter."""
