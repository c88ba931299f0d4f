"""The command ``seal`` as a whole: its groups, and one run of it from words to exit status.

Exit statuses (contract.md): 0 done, 1 refused with a sentence on standard error, 2 usage, 3 unreachable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from importlib.metadata import version
from typing import Final

from cyclopts import App
from cyclopts.exceptions import CycloptsError

from privyseal_agent.commands import (
    administrator_give,
    application,
    audit,
    authority,
    card,
    certificate,
    change,
    contact,
    department,
    key,
    lost_card,
    organization,
    policy,
    price,
    request,
    review,
    service,
    sign_on,
    token,
    units,
    vetting,
)
from privyseal_agent.desk import Desk, Reply
from privyseal_agent.errors import SealError, UsageError
from privyseal_agent.groups import OPTION_STYLE
from privyseal_agent.manual import help_text
from privyseal_agent.settings import ServiceOptions
from privyseal_wire.errors import WireError

REFUSED: Final = 1
USAGE: Final = 2

HELP: Final = "Request, approve, revoke and check certificates of a Privyseal service."

GROUPS: Final = (
    request.APP,
    certificate.APP,
    key.APP,
    administrator_give.APP,
    department.APP,
    review.APP,
    card.APP,
    lost_card.APP,
    sign_on.APP,
    token.APP,
    organization.APP,
    organization.DOMAINS,
    contact.APP,
    application.APP,
    vetting.APP,
    units.ORDERS,
    units.UNITS,
    policy.APP,
    price.APP,
    authority.APP,
    change.APP,
    audit.APP,
    service.APP,
)


def make_application() -> App:
    """Return the command with all its groups."""
    application = App(
        name="seal",
        help=HELP,
        help_format="plaintext",
        help_formatter="plain",
        default_parameter=OPTION_STYLE,
        version=version("privyseal"),
    )
    for item in GROUPS:
        application.command(item)
    return application


def run(words: Sequence[str], desk: Desk) -> int:
    """Do what the words of a command line say and return the exit status; raises OSError when standard output is gone."""
    ordered = _options_last(words)
    seated = replace(desk, json="--json" in ordered[: ordered.index("--")] if "--" in ordered else "--json" in ordered)
    try:
        _require_text(words)
        return _tell(_perform(make_application(), ordered, seated), seated)
    except CycloptsError as error:
        seated.note(f"{error}\nseal --help lists the commands, seal COMMAND --help their options.")
        return USAGE
    except SealError as error:
        return _tell_error(seated, error.kind, error.sentence, error.field, error.exit_status)
    except WireError as error:
        return _tell_error(seated, error.kind, error.sentence, "", REFUSED)
    except BrokenPipeError:
        raise  # The reader has seen enough; cli ends quietly.
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        return _tell_error(seated, "system", f"The operating system refuses: {error.strerror or error}{where}.", "", REFUSED)
    except KeyboardInterrupt:
        seated.note("\nStopped.")
        return REFUSED


def _require_text(words: Sequence[str]) -> None:
    # Bytes of a command line that are not UTF-8 arrive as lone surrogates, and no request could carry them.
    if not all(word.isascii() or word.encode(errors="replace").decode() == word for word in words):
        raise UsageError("text", "The command line has characters that are not UTF-8. Check the locale of the terminal.")


def _options_last(words: Sequence[str]) -> list[str]:
    # Options of the service may stand in front of the command, as people of other programs are used to.
    valued = {f"--{item.name.replace('_', '-')}" for item in fields(ServiceOptions)} - {"--json"}
    rest, leading = list(words), list[str]()
    while rest and (rest[0] == "--json" or rest[0].partition("=")[0] in valued):
        taken = 2 if rest[0] in valued else 1
        leading += rest[:taken]
        del rest[:taken]
    end = rest.index("--") if "--" in rest else len(rest)
    return rest[:end] + leading + rest[end:]


def _perform(application: App, words: Sequence[str], desk: Desk) -> Reply | None:
    command, bound, left_to_us = application.parse_args(list(words), exit_on_error=False, print_error=False)
    if command == application.help_print:
        text = help_text(application, [word for word in words if not word.startswith("-")])
        return Reply({"help": text}, text)
    seat = {"desk": desk} if "desk" in left_to_us else {}
    reply = command(*bound.args, **bound.kwargs, **seat)
    return reply if isinstance(reply, Reply) else None


def _tell(reply: Reply | None, desk: Desk) -> int:
    if reply is None:
        return 0
    if desk.json:
        desk.emit(reply.document)
    else:
        desk.say(reply.text)
    desk.note(reply.refusal)
    return REFUSED if reply.refusal else 0


def _tell_error(desk: Desk, kind: str, sentence: str, field: str, status: int) -> int:
    if desk.json:
        desk.emit({"error": {"kind": kind, "sentence": sentence, **({"field": field} if field else {})}})
    desk.note(sentence)
    return status
