"""Two people of the provider who vet an organization as its rules ask: one fills the checklist in, the other one concludes."""

from __future__ import annotations

from privyseal.actions.house import About, House, perform
from privyseal.actions.organization.attach_evidence import attach_evidence
from privyseal.actions.organization.conclude_vetting import conclude_vetting
from privyseal.actions.organization.open_vetting import open_vetting
from privyseal.actions.organization.record_finding import record_finding
from privyseal.actions.organization.submit_vetting import submit_vetting
from privyseal.model.actor import Actor, ActorKind
from privyseal.model.administrator import PERMISSIONS, Role
from privyseal.model.vetting import WITH_FILE, VettingItem

RIGHTS = PERMISSIONS[Role.PROVIDER_ADMINISTRATOR]
VETTER = Actor(ActorKind.PROVIDER_ADMINISTRATOR, "adm-vetter", permissions=RIGHTS)
CONCLUDER = Actor(ActorKind.PROVIDER_ADMINISTRATOR, "adm-concluder", permissions=RIGHTS)
EVIDENCE = b"Register of companies, excerpt 4711: Resource Marketing, Inc., Fort Thomas, Kentucky\n"


def fill(house: House, slug: str, *, by: Actor = VETTER, leave_out: frozenset[VettingItem] = frozenset()) -> None:
    """Begin the vetting and record a finding for every item, with a file where one is asked for."""
    about = About("set-up", slug, "organization", slug)
    perform(house, by, about, open_vetting, slug)
    day = house.clock().date().isoformat()
    for item in sorted(set(VettingItem) - leave_out, key=lambda item: item.value):
        number = "+1 859 555 0100" if item is VettingItem.TELEPHONE else ""
        perform(
            house,
            by,
            about,
            record_finding,
            slug,
            item=item.value,
            is_met=True,
            source="Register of companies",
            seen_on=day,
            telephone=number,
        )
        if item in WITH_FILE:
            perform(house, by, about, attach_evidence, slug, item=item.value, name="excerpt.txt", content=EVIDENCE)


def vet(house: House, slug: str, *, by: Actor = VETTER, concluded_by: Actor = CONCLUDER) -> None:
    """The whole vetting; the organization is active then."""
    about = About("set-up", slug, "organization", slug)
    fill(house, slug, by=by)
    perform(house, by, about, submit_vetting, slug)
    perform(house, concluded_by, about, conclude_vetting, slug)
