"""The status front's way to the database: its SQL (``repository``) and the thread in which it runs (``thread``)."""
