"""Changing a policy by a form or by a TOML file: the questions, and what is signed to propose the next version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from starlette.responses import Response

from privyseal.actions.house import attempt
from privyseal.look.policy_words import changed_rules, policy_choices, profile_words
from privyseal.look.words import gettext
from privyseal.model import rules
from privyseal.model.change import ChangeKind
from privyseal.model.custom_field import MAXIMUM_FIELDS, MAXIMUM_LABEL, MAXIMUM_VALUE
from privyseal.model.errors import BadRequest, PrivysealError, Refused
from privyseal.model.identifiers import PolicyId
from privyseal.model.organization import Organization
from privyseal.model.policy import APPROVERS, PURPOSES, Lint, Policy, Requester, every_usage, policy_content
from privyseal.model.policy_draft import PRESETS, PolicyDraft, draft_of, judge_content
from privyseal.model.profile import KeyAlgorithm, KeyPurpose, KeyUsage
from privyseal.model.unit import UnitTier
from privyseal.pages.control_center.entry import home, look_up
from privyseal.pages.control_center.locked_out import locked_out
from privyseal.pages.control_center.policies import policy_of, toml_file
from privyseal.pages.control_center.policy_own_fields import read_rows, rows_of, typed_rows
from privyseal.reception.kept import go_on, marked, unsigned
from privyseal.reception.proposal_pages import Draft, propose, proposed_value, show_draft
from privyseal.reception.refusals import show_again
from privyseal.reception.site import Visit
from privyseal.store import policies
from privyseal_wire.errors import PolicyFileRefused
from privyseal_wire.policy_file import read_policy, version_after

T = TypeVar("T")

_FIRST: Final = "tls-private"
_PURPOSE_NAMES: Final = {purpose: name for name, purpose in PURPOSES.items()}


@dataclass(frozen=True, slots=True)
class _Matter:
    """What a form is about: the version that it changes (None: a new policy), and the draft that it begins with."""

    previous: Policy | None
    preset: str
    draft: PolicyDraft

    def place(self, visit: Visit) -> str:
        """Where the form lies."""
        return f"{home(visit)}/policies/{self.previous.id}/change" if self.previous else f"{home(visit)}/policies/new"


def _matter(visit: Visit, preset: str) -> _Matter:
    previous = policy_of(visit)[0] if "policy" in visit.request.path_params else None
    if preset in PRESETS:
        chosen = PRESETS[preset]
        # A new policy has a name of its own: with the preset's one it would be the next version of that.
        return _Matter(previous, preset, replace(chosen, name=previous.name if previous else ""))
    if previous is not None:
        return _Matter(previous, "", draft_of(previous))
    return _Matter(None, _FIRST, replace(PRESETS[_FIRST], name=""))


def ask_policy(visit: Visit) -> Response:
    """Ask every rule of a policy, filled with what holds now or with a preset."""
    matter = _matter(visit, visit.form.value("preset") if visit.form.is_filled_again else visit.query("preset"))
    if not visit.form.is_filled_again:
        visit.form.values = _typed(matter.draft) | {"preset": [matter.preset]}
    return _show_questions(visit, matter)


def _show_questions(visit: Visit, matter: _Matter, status: int = 200) -> Response:
    profile = matter.draft.profile
    choices = policy_choices()
    usages, purposes = {item.value for item in every_usage(profile)}, {_PURPOSE_NAMES[item] for item in profile.key_purposes}
    values = {
        "home": home(visit),
        "place": matter.place(visit),
        "unsigned": unsigned(visit),
        "previous": matter.previous,
        "preset": matter.preset,
        "presets": [(name, profile_words(draft.profile.id)) for name, draft in PRESETS.items()],
        "profile": profile_words(profile.id),
        "choices": choices,
        "locked": locked_out(visit, None),
        "own_rows": rows_of(visit.form),
        "most_own": MAXIMUM_FIELDS,
        "longest": (MAXIMUM_LABEL, MAXIMUM_VALUE),
        "keys": [(value, words) for value, words in choices.keys if KeyAlgorithm(value) in profile.key_algorithms],
        "usages": [(value, words) for value, words in choices.usages if value in usages],
        "purposes": [(name, words) for value, words in choices.purposes if (name := _PURPOSE_NAMES[KeyPurpose(value)]) in purposes],
    }
    return visit.show("control_center/policy_form.html", values, status=status)


def _typed(draft: PolicyDraft) -> dict[str, Sequence[str]]:
    """Return what somebody would have typed to get this draft."""
    return {
        "name": [draft.name],
        "tier": [draft.tier.value],
        "lifetimes_days": [" ".join(map(str, draft.lifetimes_days))],
        "key_algorithms": [item.value for item in draft.key_algorithms],
        "key_usage": [item.value for item in draft.key_usage or every_usage(draft.profile)],
        "key_purposes": [_PURPOSE_NAMES[item] for item in draft.key_purposes or draft.profile.key_purposes],
        "requesters": [item.value for item in draft.requesters],
        "approvers": [draft.approvers.value if draft.approvers else ""],
        "approvals": [str(draft.approvals)],
        "cms_only": ["yes"] if draft.cms_only else [],
        "max_endpoints": [str(draft.max_endpoints)],
        "publish": ["yes"] if draft.publish else [],
        "unit_tier": [draft.unit_tier.value],
        "lint": [draft.lint.value],
        **typed_rows(draft),
    }


def prepare_policy(visit: Visit) -> Response:
    """Lead to what is signed to propose what was chosen."""
    matter = _matter(visit, visit.form.value("preset"))
    if visit.form.value("more"):
        return go_on(visit, matter.place(visit))
    try:
        attempt(visit.house, visit.actor, visit.about("propose-change", "policy", "new"), lambda: _wanted(visit, matter))
    except (Refused, BadRequest) as error:
        return show_again(visit, error, lambda status: _show_questions(visit, matter, status), error.field)
    return go_on(visit, f"{matter.place(visit)}/sign")


def _wanted(visit: Visit, matter: _Matter) -> Policy:
    draft = _read(visit, matter.draft)
    if matter.previous is None and not draft.name:
        raise Refused("policy", "The policy needs a name.", field="name")
    if matter.previous is None and _newest(visit, draft.name) is not None:
        sentence = f"There is a policy {draft.name} already. Change that one, or choose another name."
        raise Refused("policy", sentence, field="name")
    return draft.version_after(matter.previous, _new_id(visit), _organization(visit).id, visit.now)


def show_proposal(visit: Visit) -> Response:
    """Show what is signed to propose what was chosen; without that the questions."""
    matter = _matter(visit, visit.form.value("preset"))
    if not visit.form.values:
        return visit.go_to(matter.place(visit))
    try:
        return _show_signing(visit, policy_content(_wanted(visit, matter)), back=matter.place(visit))
    except (Refused, BadRequest) as error:
        return show_again(visit, error, lambda status: _show_questions(visit, matter, status), error.field)


def _new_id(visit: Visit) -> PolicyId:
    return PolicyId(visit.house.id("pol", visit.now))


def _organization(visit: Visit) -> Organization:
    return look_up(visit, lambda _tx, organization: organization)


def _newest(visit: Visit, name: str) -> Policy | None:
    return look_up(visit, lambda tx, organization: policies.newest(tx, organization.id, name))


def _read(visit: Visit, before: PolicyDraft) -> PolicyDraft:
    """Return the draft that was typed; what the form does not ask stays as in ``before``. Raises BadRequest."""
    form = visit.form
    approvers = {role.value: role for role in APPROVERS}
    return replace(
        before,
        name=form.value("name") or before.name,
        tier=rules.Tier.PUBLIC if form.value("tier") == rules.Tier.PUBLIC.value else rules.Tier.PRIVATE,
        lifetimes_days=tuple(_number("lifetimes_days", text) for text in form.value("lifetimes_days").replace(",", " ").split()),
        key_algorithms=tuple(item for item in KeyAlgorithm if form.has("key_algorithms", item.value)),
        key_usage=tuple(_chosen("key_usage", [item for item in KeyUsage if form.has("key_usage", item.value)])),
        key_purposes=tuple(_chosen("key_purposes", [item for name, item in PURPOSES.items() if form.has("key_purposes", name)])),
        requesters=frozenset(item for item in Requester if form.has("requesters", item.value)),
        approvers=approvers.get(form.value("approvers")),
        approvals=_number("approvals", form.value("approvals")),
        cms_only=form.has("cms_only", "yes"),
        max_endpoints=_number("max_endpoints", form.value("max_endpoints")),
        custom_fields=read_rows(form),
        publish=form.has("publish", "yes"),
        unit_tier=UnitTier.PREMIUM if form.value("unit_tier") == UnitTier.PREMIUM.value else UnitTier.STANDARD,
        lint=Lint.TEMPLATE if form.value("lint") == Lint.TEMPLATE.value else Lint.EACH,
    )


def _chosen(field: str, chosen: list[T]) -> list[T]:
    # Nothing would mean everything of the profile, which nobody ticked.
    if not chosen:
        raise BadRequest("form", gettext("Choose at least one."), field=field)
    return chosen


def _number(field: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > len("1000"):
        raise BadRequest("form", gettext("Write a whole number in digits."), field=field)
    return int(text)


def ask_file(visit: Visit) -> Response:
    """Ask for a TOML file."""
    return _show_file(visit)


def _show_file(visit: Visit, status: int = 200) -> Response:
    return visit.show("control_center/policy_import.html", {"home": home(visit), "unsigned": unsigned(visit)}, status=status)


def prepare_file(visit: Visit) -> Response:
    """Lead to what is signed to propose what a file says."""
    sent = visit.files.get("file", b"") or visit.form.secret("text").encode()
    try:
        attempt(visit.house, visit.actor, visit.about("propose-change", "policy", "new"), lambda: _content_of_file(visit, sent))
    except (Refused, BadRequest) as error:
        return show_again(visit, error, lambda status: _show_file(visit, status), "file")
    # A file that can be read as a policy is text.
    return go_on(visit, f"{home(visit)}/policies/import/sign", {"text": [sent.decode()]})


def _content_of_file(visit: Visit, sent: bytes) -> Mapping[str, object]:
    """Return the content of the version that a file asks for; raises BadRequest, Refused."""
    if not sent.strip():
        raise BadRequest("form", gettext("Choose the file, or paste what it says."), field="file")
    try:
        values = read_policy(sent)
        content = version_after(values, _content_of(_newest(visit, values["name"])), _new_id(visit))
    except PolicyFileRefused as error:
        raise Refused(error.kind, error.sentence, field="file") from error
    judge_content(content, _organization(visit).id, visit.now)
    return content


def show_proposal_of_file(visit: Visit) -> Response:
    """Show what is signed to propose what a file says; without one the question for it."""
    text = visit.form.secret("text")
    if not text:
        return visit.go_to(f"{home(visit)}/policies/import")
    try:
        return _show_signing(visit, _content_of_file(visit, text.encode()), back=f"{home(visit)}/policies/import")
    except (Refused, BadRequest) as error:
        return show_again(visit, error, lambda status: _show_file(visit, status), "file")


def _content_of(policy: Policy | None) -> Mapping[str, Any] | None:
    return policy_content(policy) if policy else None


def _show_signing(visit: Visit, value: Mapping[str, object], status: int = 200, *, back: str = "") -> Response:
    """Show the next version beside the one that holds now; ``value`` is the content of a policy that was judged.

    ``back`` is where the questions are; without it they are those of the form.
    """
    organization = _organization(visit)
    policy = judge_content(value, organization.id, visit.now)
    previous = _newest(visit, policy.name)
    place = f"{home(visit)}/policies"
    form = f"{place}/{policy.id}/change" if previous else f"{place}/new"
    draft = Draft(
        kind=ChangeKind.POLICY,
        subject=policy.name,
        base=policy.version - 1,
        value=value,
        heading=gettext("Version %(number)s of the policy %(name)s") % {"number": policy.version, "name": policy.name},
        rules=changed_rules(policy, previous),
        back=marked(visit, back or form),
        action=marked(visit, f"{place}/proposed"),
        command="seal policy import policy.toml",
        file=f"{place}/file",
    )
    locked = locked_out(visit, policy.approvers) if policy.cms_only else None
    return show_draft(visit, draft, status, page="control_center/sign_policy.html", locked=locked)


def propose_policy(visit: Visit) -> Response:
    """Hand the signed proposal in."""
    return propose(visit, lambda status: _show_proposal_again(visit, status))


def _show_proposal_again(visit: Visit, status: int) -> Response:
    """The same made of the version that holds now, or the list of policies when what came along is no policy."""
    try:
        value = proposed_value(visit)
        policy = judge_content(value, _organization(visit).id, visit.now)
        newest = _newest(visit, policy.name)
        following = draft_of(policy).version_after(newest, policy.id, policy.organization_id, visit.now)
    except PrivysealError:
        return _show_file(visit, status)
    return _show_signing(visit, policy_content(following), status)


def download_proposal(visit: Visit) -> Response:
    """Send what is proposed as a TOML file, for ``seal policy import``; raises Refused for what is no policy."""

    def work() -> Mapping[str, object]:
        return policy_content(judge_content(proposed_value(visit), _organization(visit).id, visit.now))

    return toml_file(attempt(visit.house, visit.actor, visit.about("propose-change", "policy", "new"), work))
