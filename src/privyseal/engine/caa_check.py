"""CAA at issue: every name looked up from every perspective, what each saw kept as evidence, and judged from that evidence.

For every name of a certificate of a public tier, however often the name was judged before (BR 4.2.2.1; Let's Encrypt 2020
checked one name N times). Looking needs the network and takes its time; judging needs neither, so the issuer process
judges again what was seen (actions/caa.py). What cannot be looked up forbids: nobody knows what it would have said.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from privyseal.engine.caa import CaaLookup, CaaRecord, CaaRecords, Issuer, Property, forbidding, has_unknown_critical
from privyseal.engine.dns_lookup import DnsLookup
from privyseal.engine.perspectives import Perspectives
from privyseal.model.domain import ValidationMethod
from privyseal.model.errors import PrivysealError, Refused, Unavailable
from privyseal.model.profile import NameKind
from privyseal.model.rules import PRIMARY

_MAXIMUM_TROUBLE: Final = 300
_MAXIMUM_NAMED: Final = 5

Name = tuple[NameKind, str]


@dataclass(frozen=True, slots=True)
class CaaView:
    """What one perspective saw of one name: record set, or the ``trouble`` that kept it from seeing one."""

    perspective: str
    seen: CaaRecords | None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class CaaCheck:
    """What was seen ``at`` this moment of each name looked up, the first perspective first."""

    at: datetime
    views: Mapping[str, Sequence[CaaView]]

    def of(self, names: Iterable[Name]) -> CaaCheck:
        """Return the part about these names."""
        subjects = {subject_of(name) for name in names}
        return CaaCheck(self.at, {subject: views for subject, views in self.views.items() if subject in subjects})

    def to_json(self) -> str:
        """Return it as one line of JSON with sorted keys, ``at`` in ISO 8601."""
        views = {subject: [_fields(view) for view in seen] for subject, seen in self.views.items()}
        return json.dumps({"at": self.at.isoformat(), "names": views}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> CaaCheck:
        """Return what :meth:`to_json` wrote; raises ValueError, KeyError or TypeError for anything else."""
        fields = json.loads(text)
        views = {subject: tuple(_view(item) for item in seen) for subject, seen in fields["names"].items()}
        return cls(datetime.fromisoformat(fields["at"]), views)


def subject_of(name: Name) -> str:
    """Return the domain name whose tree is climbed: that of a mail address is what stands behind its ``@``."""
    kind, text = name
    return text.rpartition("@")[2] if kind is NameKind.EMAIL else text.removeprefix("*.")


def look_up_caa(names: Iterable[Name], perspectives: Perspectives, *, now: datetime) -> CaaCheck:
    """Look every name up from every perspective at once, each tree once from each; never raises for what the DNS says."""
    subjects = sorted({subject_of(name) for name in names})
    places = [(PRIMARY, perspectives.primary), *((item.name, item.lookup) for item in perspectives.remote)]
    with ThreadPoolExecutor(max_workers=len(places)) as threads:
        seen = list(threads.map(lambda place: _look(subjects, *place), places))
    return CaaCheck(now, {subject: tuple(views[subject] for views in seen) for subject in subjects})


def require_permitted(
    check: CaaCheck, names: Iterable[Name], issuer: Issuer, method_of: Mapping[str, ValidationMethod], quorum: int
) -> None:
    """Raise unless the owner of every name permits it, as the first perspective and ``quorum`` of the others see it.

    ``method_of`` maps a name to the method by which its domain was validated. Raises Refused ``caa-forbids``, which no
    waiting mends, with who has to add which record; Unavailable ``caa-unknown`` for what could not be seen well enough.
    """
    forbidden: dict[tuple[str, str], list[str]] = {}
    unknown: dict[str, list[str]] = {}
    for kind, name in names:
        about, method = Property.about(kind, name), method_of.get(name)
        views = check.views.get(subject_of((kind, name)), ())
        first = views[0] if views and views[0].perspective == PRIMARY else CaaView(PRIMARY, None, "it was not looked up")
        if first.seen is None:
            unknown.setdefault(first.trouble, []).append(name)
        elif reason := forbidding(first.seen, issuer, about, method):
            forbidden.setdefault((reason, _remedy(first.seen, issuer, about)), []).append(name)
        elif trouble := _dissent(views[1:], issuer, about, method, quorum):
            unknown.setdefault(trouble, []).append(name)
    if forbidden:
        told = "; ".join(f"{_listed(listed)} ({reason})" for (reason, _), listed in forbidden.items())
        remedies = " ".join(dict.fromkeys(remedy for _, remedy in forbidden))
        sentence = f"The CAA records in the DNS forbid this provider to certify {told}. {remedies} Then approve again."
        raise Refused("caa-forbids", sentence, field="csr")
    if unknown:
        told = "; ".join(f"{_listed(listed)}: {trouble}" for trouble, listed in unknown.items())
        sentence = (
            "Nothing is issued before the CAA records in the DNS are known. Whoever runs the DNS of the domain sees to it that its "
            f"name servers answer and its DNSSEC signatures are valid; it is looked up again by itself. {told}"
        )
        raise Unavailable("caa-unknown", sentence, retry_after_seconds=60)


def _look(subjects: Sequence[str], place: str, lookup: DnsLookup) -> dict[str, CaaView]:
    trees = CaaLookup(lookup)
    views = {}
    for subject in subjects:
        try:
            views[subject] = CaaView(place, trees.relevant(subject))
        except PrivysealError as error:
            views[subject] = CaaView(place, None, error.sentence[:_MAXIMUM_TROUBLE])
    return views


def _dissent(views: Sequence[CaaView], issuer: Issuer, about: Property, method: ValidationMethod | None, quorum: int) -> str:
    """Return why too few of the other perspectives see that it is permitted; an empty text if enough do."""
    troubles = {
        view.perspective: view.trouble if view.seen is None else forbidding(view.seen, issuer, about, method)
        for view in views
        if view.seen is None or forbidding(view.seen, issuer, about, method)
    }
    agreeing = len({view.perspective for view in views}) - len(troubles)
    if agreeing >= quorum:
        return ""
    told = ", ".join(f"{place}: {trouble}" for place, trouble in troubles.items())
    return f"only {agreeing} of {quorum} other places see that it is permitted{f' ({told})' if told else ''}"


def _remedy(seen: CaaRecords, issuer: Issuer, about: Property) -> str:
    """Return who has to do what so that it is permitted."""
    if has_unknown_critical(seen):
        return f"Whoever runs the DNS of {seen.found_at} permits it by removing that critical property."
    ours = min(issuer.domains, default="")
    return f'Whoever runs the DNS of {seen.found_at} permits it by adding there the record 0 {about.value} "{ours}".'


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MAXIMUM_NAMED
    return ", ".join(names[:_MAXIMUM_NAMED]) + (f" and {more} more" if more > 0 else "")


def _fields(view: CaaView) -> dict[str, object]:
    fields: dict[str, object] = {"perspective": view.perspective, "trouble": view.trouble}
    if view.seen is not None:
        fields |= {
            "found_at": view.seen.found_at,
            "records": [[record.flags, record.tag, record.value] for record in view.seen.records],
            "authenticated": view.seen.authenticated,
            "resolver": view.seen.resolver,
            "ttl_seconds": view.seen.ttl_seconds,
        }
    return fields


def _view(fields: Mapping[str, object]) -> CaaView:
    perspective, trouble = str(fields["perspective"]), str(fields["trouble"])
    if "records" not in fields:
        return CaaView(perspective, None, trouble or "nothing was seen")
    records, ttl_seconds = fields["records"], fields["ttl_seconds"]
    if not isinstance(records, list) or not isinstance(ttl_seconds, int):
        message = "records"
        raise TypeError(message)
    found = tuple(CaaRecord(int(flags), str(tag), str(value)) for flags, tag, value in records)
    seen = CaaRecords(str(fields["found_at"]), found, bool(fields["authenticated"]), str(fields["resolver"]), ttl_seconds)
    return CaaView(perspective, seen, trouble)
