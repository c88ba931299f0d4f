"""Policies: old content stays what it was, new content is judged to the last key, and presets make certificates that pass the linters."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from privyseal.engine.authority import linter_of
from privyseal.engine.certificate_template import compile_template
from privyseal.model.errors import Refused
from privyseal.model.identifiers import OrganizationId, PolicyId
from privyseal.model.policy import Requester, policy_content, read_policy
from privyseal.model.policy_draft import PRESETS, PolicyDraft, judge_content
from privyseal.model.profile import KeyPurpose, KeyUsage
from tests.engine.sample_issuers import issuing_ca

NOW = datetime(2026, 11, 22, tzinfo=UTC)
HERE = OrganizationId("org-1")
OLD = (
    '{"approvals":1,"id":"pol-1","key_algorithms":["rsa"],"lifetimes_days":[90],"lint":"each","max_endpoints":20,"name":"tls-server",'
    '"open_enrollment":true,"profile":{"id":"tls-server","version":1},"tier":"private","type":"privyseal.policy.v1",'
    '"unit_tier":"standard","version":1}'
)


def content(draft: PolicyDraft | None = None) -> dict[str, Any]:
    """The content of a first version."""
    return policy_content((draft or PolicyDraft()).version_after(None, PolicyId("pol-1"), HERE, NOW))


def test_content_of_the_form_1_is_read() -> None:
    policy = read_policy(json.loads(OLD), HERE, "aa", NOW)
    assert policy.requesters == {Requester.ANYBODY, Requester.PEOPLE, Requester.TOKENS}
    assert (policy.cms_only, policy.approvers, policy.profile.key_purposes) == (False, None, (KeyPurpose.SERVER_AUTH,))


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_judged_good_and_its_certificates_pass_the_linter(name: str) -> None:
    policy = judge_content(content(PRESETS[name]), HERE, NOW)
    assert policy_content(policy) == content(PRESETS[name])
    issuer = replace(issuing_ca("p256"), status_url="http://status.example.com")
    for algorithm in policy.key_algorithms:
        template = compile_template(policy.profile, issuer, algorithm, linter_of(policy.profile.lint))
        assert template.lint.is_clean


def test_a_policy_narrows_its_profile() -> None:
    policy = PolicyDraft(key_usage=(KeyUsage.DIGITAL_SIGNATURE,)).version_after(None, PolicyId("pol-1"), HERE, NOW)
    assert policy.profile.rsa_key_usage == policy.profile.ec_key_usage == (KeyUsage.DIGITAL_SIGNATURE,)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"colour": "red"}, "has the key colour, which nobody knows"),
        ({"approvals": "2"}, "approvals is not a whole number"),
        ({"approvals": True}, "approvals is not a whole number"),
        ({"cms_only": 1}, "cms_only is not true or false"),
        ({"profile": {"id": "tls-server", "version": 1, "x": 1}}, "profile has the key x"),
        ({"profile": {"id": "administrator-id", "version": 2}}, "its profile does not exist"),
        ({"key_usage": ["keyCertSign"]}, "is no word that a policy knows"),
        ({"key_purposes": ["clientAuth"]}, "key usages or purposes that its profile does not"),
        ({"requesters": []}, "nobody may ask"),
        ({"requesters": ["tokens", "people"]}, "not in the order"),
        ({"approvers": "auditor"}, "the role auditor approves nothing"),
        ({"lifetimes_days": [90, 90]}, "it lists something twice"),
        ({"type": "privyseal.policy.v3"}, "type is not privyseal.policy.v2"),
        ({"custom_fields": ["x"]}, "an item of custom_fields is not a table"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(change: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said) as error:
        judge_content(content() | change, HERE, NOW)
    assert error.value.kind == "policy"


@pytest.mark.parametrize("key", sorted(content()))
def test_what_is_missing_is_named(key: str) -> None:
    with pytest.raises(Refused, match=f"lacks {key}"):
        judge_content({name: value for name, value in content().items() if name != key}, HERE, NOW)
