"""What everybody tries first: words that protect nothing, and the ways in which people dress them up.

What lives here: a short list of our own and a look at keyboards. What does not: any measure of strength; whoever knows a
person guesses better than a list. Called by engine/phrases.py with a normalized phrase.
"""

from __future__ import annotations

import re
from typing import Final

_WORDS: Final = frozenset(
    """
    000000 111111 112233 121212 123123 123321 654321 666666 696969 abc123 aaaaaa access admin administrator adobe
    adidas aircraft alexander alexandra amanda america andrea andrew angel angela angels animal anthony apple apples
    arsenal ashley austin autumn azerty babygirl bailey banana barbara barcelona barney baseball basketball
    batman beautiful benjamin berlin bigdog birdie blink blessed bonjour boston brandon brandy bubbles
    buster butterfly changeme changeit charlie cheese chelsea chester chicago chicken chocolate christian christmas
    cocacola computer cookie cooper corvette cowboys daniel database default demo diamond dolphin dragon eagles
    elizabeth enter fender ferrari flower football freedom friends gandalf garfield george ginger godzilla
    golfer google guest hahaha hammer hannah harley heather hello helloworld hockey hotdog hunter iceman iloveyou
    internet jackson jasmine jennifer jessica jesus jordan joshua junior justin killer kitten knight ladybug lakers
    letmein liberty login london lovely loveme lovers maggie manager marina marlboro martin master matrix matthew
    maverick mercedes merlin michael michelle mickey midnight monkey monster mother mustang mypassword mysecret naruto
    nascar newyork nicole ninja nothing office oliver orange pa55word packers panther pass passphrase passw0rd password
    passwort patrick peanut pepper phoenix pokemon police porsche princess private purple qazwsx qwert qwerty qwertz
    rainbow raiders ranger redskins richard robert rockyou root samantha samsung scooter secret secure security server
    service shadow silver slipknot snoopy soccer sophie spiderman spring starwars steelers student success summer
    sunflower sunshine superman superstar sysadmin taylor temp temporary test tester testing testtest thomas thunder
    tigger tinkerbell trustno1 twilight unknown user username victoria welcome whatever william windows winner winter
    wizard yankees yellow zaq1zaq1 challenge challengephrase phrase mychallenge certificate mycertificate privyseal
    """.split()  # noqa: SIM905 - one word after the other reads better than a list of 200 texts
)
"""The best known passwords and the words of our own pages, in small letters and without blanks."""

_ROWS: Final = ("1234567890", "qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "qsdfghjklm", "zxcvbnm", "yxcvbnm", "wxcvbn")
_COLUMNS: Final = ("1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm", "1qay", "2wsx", "6zhn")
_LINES: Final = tuple(line for row in (*_ROWS, *_COLUMNS) for line in (row, row[::-1]))

SHORTEST_RUN: Final = 3
MOST_BESIDE_RUNS: Final = 2

_LOOKS_LIKE: Final = str.maketrans("01345$@!", "oleassai")
"""Signs that people put for letters."""

_AROUND: Final = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_REPEATED: Final = re.compile(r"(.{1,10}?)\1+")


def is_common(phrase: str) -> bool:
    """Tell whether a phrase is one of the best known, also with digits around it, signs for letters, or written twice."""
    plain = re.sub(r"\s", "", phrase.casefold())
    spellings = {plain, _AROUND.sub("", plain)}
    spellings |= {spelling.translate(_LOOKS_LIKE) for spelling in spellings}
    spellings |= {_AROUND.sub("", spelling) for spelling in spellings}
    return not _WORDS.isdisjoint(spellings)


def is_pattern(phrase: str) -> bool:
    """Tell whether a phrase is a short piece again and again, or walks along the keys: ``abcabcabc``, ``1qaz2wsx``, ``qwer1234``."""
    plain = re.sub(r"\s", "", phrase.casefold())
    return _REPEATED.fullmatch(plain) is not None or _beside_runs(plain) <= MOST_BESIDE_RUNS


def _beside_runs(plain: str) -> int:
    """Return how many characters lie on no run of keys beside each other."""
    place = beside = 0
    while place < len(plain):
        length = next((size for size in range(10, SHORTEST_RUN - 1, -1) if _is_on_keys(plain[place : place + size], size)), 0)
        beside += not length
        place += length or 1
    return beside


def _is_on_keys(piece: str, size: int) -> bool:
    return len(piece) == size and any(piece in line for line in _LINES)
