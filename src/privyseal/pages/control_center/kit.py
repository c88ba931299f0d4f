"""The Administrator's Kit: what to do next, the file to download, and what is still to be done (requirements A31, A33)."""

from __future__ import annotations

from starlette.responses import Response

from privyseal.look.guides.kit import make_kit
from privyseal.look.moments import pattern_text
from privyseal.look.words import gettext
from privyseal.model.administrator import AdministratorState, Permission
from privyseal.model.organization import Organization, vetted_until
from privyseal.model.rules import Tier
from privyseal.model.unit import UnitTier
from privyseal.pages.control_center.entry import home, look_up
from privyseal.reception.site import Visit
from privyseal.store import administrators, organizations, policies, units
from privyseal.store.database import Transaction

Verdict = tuple[str, str, str]


def show_kit(visit: Visit) -> Response:
    """Show the kit and the self-check."""

    def work(tx: Transaction, organization: Organization) -> dict[str, object]:
        kit = make_kit(visit.house, organization)
        return {
            "home": home(visit),
            "base_url": visit.house.service.base_url,
            "organization": organization,
            "fingerprint": kit.fingerprint,
            "file_name": kit.file_name,
            "verdicts": _verdicts(visit, tx, organization),
        }

    return visit.show("control_center/kit.html", look_up(visit, work))


def download_kit(visit: Visit) -> Response:
    """Give the kit out as one file."""
    kit = look_up(visit, lambda _, organization: make_kit(visit.house, organization))
    headers = {"Content-Disposition": f'attachment; filename="{kit.file_name}"', "X-Content-Type-Options": "nosniff"}
    return Response(kit.content, media_type="application/zip", headers=headers)


def _verdicts(visit: Visit, tx: Transaction, organization: Organization) -> list[Verdict]:
    """Return what is done and what is still to be done, as (kind, sentence, evidence)."""
    people = administrators.of_organization(tx, organization.id)
    active = [person for person in people if person.state is AdministratorState.ACTIVE and person.may(Permission.APPROVE)]
    valid = [domain.name for domain in organizations.domains_of(tx, organization.id) if domain.is_valid(visit.now)]
    known = policies.of_organization(tx, organization.id)
    left = sum(units.balance(tx, organization.id, tier).available for tier in UnitTier)
    end = vetted_until(organization, Tier.PUBLIC)
    return [
        ("good", gettext("You are signed in with a credential of your own."), visit.person.name),
        _one(len(active) > 1, gettext("Two people or more can approve."), gettext("Invite a second administrator who can approve.")),
        _one(bool(valid), gettext("A domain is validated."), gettext("No domain is validated. Ask your provider."), ", ".join(valid[:5])),
        _one(bool(known), gettext("There is a policy."), gettext("There is no policy yet. Propose the first one under Policies.")),
        _one(left > 0, gettext("There are units left."), gettext("There is no unit left. Order units from your provider.")),
        _trial(organization)
        if organization.is_trial
        else _one(
            end is not None and end > visit.now,
            gettext("The vetting of your organization counts."),
            gettext("The vetting has ended. Ask your provider to vet your organization again."),
            pattern_text(end, gettext("d MMMM y")) if end else "",
        ),
    ]


def _trial(organization: Organization) -> Verdict:
    ends = pattern_text(organization.trial_until, gettext("d MMMM y")) if organization.trial_until else ""
    return ("waiting", gettext("This is a trial: nobody vetted it, and it ends by itself."), ends)


def _one(is_good: bool, good: str, missing: str, evidence: str = "") -> Verdict:  # noqa: FBT001 - a verdict is built in one line
    return ("good", good, evidence) if is_good else ("waiting", missing, "")
