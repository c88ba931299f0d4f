"""Optional wings: one promise per folder, whole, with its model, tables, actions, pages and jobs.

A feature meets the rest of the house at two sockets. A *gate* reads recorded facts inside an action's transaction and
may refuse; a *listener* runs after the commit, from durable work, at least once. ``privyseal.app`` finds the folders
by itself: deleting one removes that promise and nothing else (its tables stay in the database on purpose).
"""
