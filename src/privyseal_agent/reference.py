"""The reference page of ``seal`` (docs/reference/seal.md), written from the commands themselves so that it cannot drift."""

from __future__ import annotations

import inspect
from typing import Final, get_args

from cyclopts import App
from cyclopts.argument import Argument

from privyseal_agent.application import make_application
from privyseal_agent.settings import ServiceOptions

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
    shared = {option for option, _ in _shared_options(application)}
    parts = [HEAD, _shared(application)]
    for group in _names(application):
        parts.append(f"## seal {group}\n\n{application[group].help}\n")
        parts += [_command(f"seal {group} {name}", application[group][name], shared) for name in _names(application[group])]
    return "\n".join(parts).rstrip() + "\n"


def _names(application: App) -> list[str]:
    return sorted(name for name in application if not name.startswith("-"))


def _command(title: str, command: App, shared: set[str]) -> str:
    arguments = [item for item in command.assemble_argument_collection(parse_docstring=True) if item.show]
    takes_service = any(item.name == "--service" for item in arguments)
    positional = [item for item in arguments if not item.name.startswith("--")]
    own = [item for item in arguments if item.name.startswith("--") and item.name not in (shared if takes_service else {"--json"})]
    usage = " ".join((title, *(_usage(item) for item in positional), *(_option_usage(item) for item in own)))
    options = "the options of the service" if takes_service else "`--json`"
    lines = [f"### {title}", "", "```", usage, "```", "", _help(command), ""]
    lines += [f"- `{_usage(item)}`: {_sentence(item)}" for item in positional]
    lines += [f"- `{item.name}`: {_sentence(item)}" for item in own]
    lines += [f"- and {options}.", ""]
    return "\n".join(lines)


def _shared(application: App) -> str:
    rows = "\n".join(f"| `{option}` | {sentence} |" for option, sentence in _shared_options(application))
    return f"| Option of the service | Meaning |\n|---|---|\n{rows}\n"


def _shared_options(application: App) -> list[tuple[str, str]]:
    known = {f"--{name.replace('_', '-')}" for name in ServiceOptions.__dataclass_fields__}
    arguments = application["service"]["show"].assemble_argument_collection(parse_docstring=True)
    return [(item.name, _sentence(item)) for item in arguments if item.name in known]


def _help(command: App) -> str:
    # The docstring without its list of parameters, each paragraph on one line.
    text = inspect.cleandoc(command.help or "").partition("\nParameters\n")[0]
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n") if paragraph.strip())


def _usage(argument: Argument) -> str:
    return argument.name + ("..." if "tuple" in str(argument.hint) else "")


def _option_usage(argument: Argument) -> str:
    value = "" if argument.hint is bool else f" {argument.name.removeprefix('--').upper()}"
    text = f"{argument.name}{value}" + ("..." if "list" in str(argument.hint) else "")
    return text if argument.required else f"[{text}]"


def _sentence(argument: Argument) -> str:
    text = " ".join((argument.parameter.help or "").split())
    choices = _choices(argument.hint)
    # The sentence names them itself where they need an explanation.
    return text if not choices or all(choice in text for choice in choices) else f"{text} One of {', '.join(choices)}."


def _choices(hint: object) -> list[str]:
    found = [item for item in get_args(hint) if isinstance(item, str)]
    return found or [choice for part in get_args(hint) for choice in _choices(part)]
