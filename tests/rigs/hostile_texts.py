"""Texts that mean something to one of those who read them later: HTML, templates, SQL, CSV, mail, LDAP, logs, terminals."""

from __future__ import annotations

INJECTIONS = {
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "attribute": '"\' autofocus onfocus=alert(1) x="',
    "comment": "--><svg/onload=alert(1)><!--",
    "textarea": "</textarea><script>alert(1)</script>",
    "title": "</title><script>alert(1)</script>",
    "jinja": "{{7*7}}{% raw %}{# x #}",
    "format": "${7*7} %(x)s %s%n {0.__class__}",
    "csv": "=cmd|' /C calc'!A0",
    "csv-plus": "+1+1",
    "csv-minus": "-2+3",
    "csv-at": "@SUM(1)",
    "mail": "x\r\nBcc: everybody@evil.test",
    "ldap": "*)(uid=*)",
    "ldap-nul": "\\00",
    "name": "x,CN=admin",
    "sql": "' OR 1=1--",
    "path": "../../etc/passwd",
    "right-to-left": "\u202etxt.exe",
    "zero-width": "ad\u200bmin",
    "emoji": "\U0001f9ff\U0001f469\u200d\U0001f52c",
    "long": "A" * 1_000_000,
    "log": "x\n2026-11-22 ADMIN: password reset",
    "terminal": "\x1b[31mred\x1b[0m",
    "xml": '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "address": "javascript:alert(1)",
    "nul": "a\0b",
}
"""facts/reliability 5.2, Injection: what the text is for -> the text."""

SHORT = {name: text for name, text in INJECTIONS.items() if len(text) < 200}
"""Those that fit where people type."""

TYPED = {name: text for name, text in SHORT.items() if text.isprintable()}
"""Those that a field for one line keeps."""
