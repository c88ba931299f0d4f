"""One business sentence per file: ``approve_request.py`` holds the function ``approve_request`` and nothing else public.

An action loads rows from the store, lets the model decide, lets the engine make bytes, saves, writes the audit entry
and notes the fact in the outbox, all within the transaction that its caller opened: returning commits, raising rolls
back. Every entrance that offers the verb calls the same action. Actions do not call actions; an entrance may call two
in a row. Time, randomness and keys come in through the ``House`` (``house.py``, the one file that they all import). What
two actions share stands beside the folders too: ``approving.py`` is how approvals are judged, one or many.
"""
