"""The words and the form of the confirmation page; plain HTML that works in every browser and with a screen reader."""

from __future__ import annotations

import re
from html import escape

_CODE = re.compile(r"[a-z2-7]{52}")

STYLE = """:root { color-scheme: light; }
body { margin: 0; background: #faf7f0; color: #14213d; font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 38rem; margin: 0 auto; padding: 2rem 1rem; }
label { display: block; font-weight: 600; }
input { box-sizing: border-box; width: 100%; padding: .5rem; border: 2px solid #14213d; font: 1rem/1.5 ui-monospace, monospace; }
button { margin-top: 1rem; padding: .6rem 1.2rem; border: 0; background: #9b1c1c; color: #fff; }
button { font: inherit; font-weight: 600; cursor: pointer; }
input:focus-visible, button:focus-visible, a:focus-visible { outline: 3px solid #1d4ed8; outline-offset: 2px; }
.error { border-left: 5px solid #8a3b12; padding: .5rem 1rem; background: #fff; }
"""


def is_code(text: str) -> bool:
    """Tell whether the text has the form of a confirmation code: 256 bits as lower case letters and digits (RFC 4648 6)."""
    return _CODE.fullmatch(text) is not None


def form_page(code: str, *, error: str = "") -> str:
    """Return the page with the form; ``error`` is the sentence of a refusal, and what was typed is kept."""
    title = "Confirm your address"
    summary = f'<div class="error" role="alert"><p><strong>Not confirmed.</strong> {escape(error)}</p></div>' if error else ""
    described = ' aria-invalid="true"' if error else ""
    return _document(
        f"Error: {title}" if error else title,
        f"""<h1>{title}</h1>
{summary}
<p>Somebody asked for a certificate and named you as its contact. If that was you, press the button. If it was not, close this page:
nothing happens, and the request ends by itself.</p>
<form method="post">
<label for="code">Code from the mail</label>
<p id="code-help">52 letters and digits. It is filled in when you came by a link that holds it.</p>
<input id="code" name="code" value="{escape(code)}" required maxlength="100" autocomplete="one-time-code"
 autocapitalize="none" spellcheck="false" aria-describedby="code-help"{described}>
<button type="submit">Confirm address</button>
</form>""",
    )


def done_page(organization: str) -> str:
    """Return the page that says what happened and what happens next."""
    return _document(
        "Address confirmed",
        f"""<h1>Your address is confirmed</h1>
<p>The administrators of {escape(organization)} see the request now and decide on it. You get a mail with the certificate, or with the
reason why there is none.</p>
<p>Keep your challenge phrase: you need it to pick the certificate up and to revoke it.</p>""",
    )


def _document(title: str, body: str) -> str:
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{escape(title)} - Privyseal</title>
<link rel="stylesheet" href="/o/confirmation.css">
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""
