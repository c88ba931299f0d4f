"""Ways in for programs: one protocol per folder, whole, with its routes, messages, tables and error mapping.

A door parses bytes to checked values, calls actions and turns their errors into the protocol's own. It decides
nothing. No door knows another, and ``privyseal.app`` finds the folders by itself: deleting one removes that protocol
and nothing else.
"""
