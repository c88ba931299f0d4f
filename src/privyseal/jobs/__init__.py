"""Durable background work, and the only room that imports the job engine (DBOS).

One dispatcher turns outbox rows into workflows, one row per fact and listener; sweeps finish what a crash left; the
sequencer integrates audit entries. Every step may run twice, so every step is idempotent.
Nothing that a person waits for runs here. Listeners are handed in by ``privyseal.app``: jobs know no feature.
"""
