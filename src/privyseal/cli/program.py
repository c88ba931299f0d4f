"""The `privyseal` command of the operator, whole. Each group's commands stand in a module of their own."""

from __future__ import annotations

from cyclopts import App

from privyseal.cli.commands_audit import audit_commands
from privyseal.cli.commands_authority import authority_commands
from privyseal.cli.commands_demo import demo_commands
from privyseal.cli.commands_domains import domain_commands
from privyseal.cli.commands_keys import key_commands
from privyseal.cli.commands_letters import letter_commands
from privyseal.cli.commands_lost_cards import lost_card_commands
from privyseal.cli.commands_organizations import organization_commands
from privyseal.cli.commands_people import people_commands
from privyseal.cli.commands_service import service_commands
from privyseal.cli.rooms import Rooms
from privyseal.cli.running import empty_program


def make_application(rooms: Rooms) -> App:
    """Return the commands with their help, for a run of them and for docs/reference/privyseal.md."""
    program = empty_program()
    service_commands(program, rooms)
    people_commands(program, rooms)
    organization_commands(program, rooms)
    lost_card_commands(program, rooms)
    letter_commands(program, rooms)
    audit_commands(program, rooms)
    authority_commands(program, rooms)
    domain_commands(program, rooms)
    key_commands(program, rooms)
    demo_commands(program, rooms)
    return program
