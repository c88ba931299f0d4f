"""Sites for people: one folder each, whole, with its routes and templates. No site knows another, and no rule lives here.

A page reads through the store, calls the same actions as every other entrance, and shows the result with the page kinds
of :mod:`privyseal.look`. ``privyseal.app`` finds the folders by itself: deleting one removes that site and nothing else.
Each package has a ``SITE``.
"""
