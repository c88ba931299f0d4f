"""The groups of the ``privyseal`` command, one module per group.

A command reads its arguments, calls the same actions that every other entrance calls, prints for people or with
``--json`` for programs, and chooses the exit status. This is the only room of the service that talks to a terminal.
"""
