"""The reference page of ``seal`` (docs/reference/seal.md), written from the commands themselves so that it cannot drift."""

from __future__ import annotations

from typing import Final

from privyseal_agent.application import make_application
from privyseal_agent.manual import Manual, command_names, read_manual

HEAD: Final = """# The seal command

`seal` is for people and programs that request, approve, revoke or check certificates from a shell. It talks to the service
over REST alone. With `--json` every command prints one JSON object on standard output; `seal request list --follow` prints one
per line. What is said besides goes to standard error.

| Exit status | Meaning |
|---|---|
| 0 | done |
| 1 | refused: the sentence on standard error says why; with `--json` standard output has `{"error": {"kind", "sentence"}}` |
| 2 | usage: the command line, the environment or the settings file lacks something |
| 3 | unreachable: no connection, no trust in the service's certificate, or the service cannot answer now |

## Settings

Every option of the service may stand in the environment, or in `~/.config/seal/config.toml` (`SEAL_CONFIG` names another file),
which only its owner may read. An option wins over the environment, the environment over the file. Paths in the file are
relative to it.

```toml
service = "https://pki.example.test"
organization = "example"
certificate = "administrator.pem"
key = "administrator.key"
```

Who speaks is taken from the first of the three that names a certificate, a key or a token. With an Administrator ID `seal` goes
to the service's address for administrators, else it sends the token, else it asks as anybody may.
"""


def reference_markdown() -> str:
    """Return the whole page: every command with its help, arguments and options, in a fixed order."""
    application = make_application()
    rows = "\n".join(f"| `{typed}` | {sentence} |" for typed, sentence in read_manual(application, "service", "show").shared)
    parts = [HEAD, f"| Option of the service | Meaning |\n|---|---|\n{rows}\n"]
    for group in command_names(application):
        parts.append(f"## seal {group}\n\n{application[group].help}\n")
        parts += [_command(f"seal {group} {name}", read_manual(application, group, name)) for name in command_names(application[group])]
    return "\n".join(parts).rstrip() + "\n"


def _command(title: str, manual: Manual) -> str:
    common = "the options of the service" if len(manual.shared) > 1 else "`--json`"
    lines = [f"### {title}", "", "```", manual.usage, "```", "", manual.text, ""]
    lines += [f"- `{typed}`: {sentence}" for typed, sentence in (*manual.arguments, *manual.options)]
    return "\n".join((*lines, f"- and {common}.", ""))
