"""Whom a certificate may name, and with which key: the vetted record, host names in their one form, keys of the policy (I15, I16)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from privyseal.engine.certificate import subject_for
from privyseal.engine.key_policy import read_key
from privyseal.engine.names import has_normal_form
from privyseal.model.domain import Domain, ValidationMethod, require_covered
from privyseal.model.errors import Refused
from privyseal.model.organization import Organization, subject_values
from privyseal.model.policy import Policy
from privyseal.model.profile import NameKind
from privyseal.model.request import Request, RequestKind
from privyseal.model.rules import Tier


def require_vetted_identity(request: Request, policy: Policy, organization: Organization) -> None:
    """Judge subject and names of a stored request as though nobody had before.

    Whoever can write the database, and has one administrator's signature over what he wrote, gets no other identity certified
    than the entrances would have let through. That the names lie under validated domains is asked by ``require_covered``.
    Raises Refused ``subject`` or ``names``.
    """
    names = request.names
    if not names or len(names) > policy.profile.max_names or len(set(names)) < len(names):
        raise Refused("names", "The request names nobody, somebody twice, or more than its profile allows.")
    if any(kind is not NameKind.DNS or kind not in policy.profile.name_kinds or not has_normal_form(name) for kind, name in names):
        raise Refused("names", "A name of the request is no host name in its one form, or its profile has no such names.")
    vetted = dict(subject_values(organization, ""))
    expected = subject_for(policy.profile, vetted, names)
    if request.subject == expected:
        return
    # A replacement keeps the name of what it replaces, though the profile may have fewer or more fields by now.
    may_differ = request.kind is RequestKind.REISSUE and len(dict(request.subject)) == len(request.subject)
    known = vetted | dict(expected)
    if not may_differ or any(known.get(field) != value for field, value in request.subject):
        raise Refused("subject", "The subject of the request is not the vetted record of the organization and the first of its names.")


def require_reserved_names(organization: Organization, domains: Collection[Domain], names: Iterable[str], now: datetime) -> None:
    """Raise Refused ``name-not-validated`` where an organization that is no trial would be certified a name that is kept for trials.

    That such a name is nobody's stands in for evidence of its control in a trial alone; the entrances give it to no other organization.
    """
    if organization.is_trial:
        return
    real = [domain for domain in domains if domain.method is not ValidationMethod.RESERVED]
    require_covered(names, real, now, Tier.PRIVATE)


def require_key_of_policy(request: Request, policy: Policy) -> None:
    """Raise Refused unless the stored key is of a kind and form that the policy has, and what the request says it is.

    Whether its material is weak was judged at submission: that takes longer than a signature, and harms only whoever has the key.
    """
    key = read_key(request.spki_der)
    algorithm = key.facts.algorithm
    if algorithm not in policy.key_algorithms or algorithm.value != request.key_algorithm or key.spki_der != request.spki_der:
        raise Refused("key-algorithm", "The key of the request is not of a kind that its policy allows, or not in its one form.")
