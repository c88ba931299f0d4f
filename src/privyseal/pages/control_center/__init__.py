"""The control center of each organization, under ``/o/{org}/console/``: its administrators decide, look up and prove here.

No rule stands here. Pages read through the store and call the actions that REST calls; what needs a decision is signed, by a
passkey in the page or by an Administrator ID on the administrator's own computer. Works without scripts but for passkeys
and live updates.
"""

from __future__ import annotations

from pathlib import Path

from privyseal.model.administrator import Permission
from privyseal.pages.control_center import (
    certificate,
    certificates,
    check,
    decide,
    departments,
    home,
    kit,
    log,
    people,
    policies,
    policy_form,
    queue,
    reissue,
    roles,
    searches,
    servers,
    settings,
    sign_on,
    tokens,
)
from privyseal.pages.control_center.entry import console_frame, console_page
from privyseal.reception import change_pages, contact_pages, review_pages, signing
from privyseal.reception.site import Method, Page, Site

GET, POST = Method.GET, Method.POST
READ, SUBMIT, APPROVE, REVOKE = Permission.READ, Permission.SUBMIT, Permission.APPROVE, Permission.REVOKE
AUDIT = Permission.READ_AUDIT
PEOPLE, TOKENS = Permission.MANAGE_ADMINISTRATORS, Permission.MANAGE_TOKENS
ASSIGN, DEPARTMENTS, MOVE = Permission.ASSIGN_ROLES, Permission.MANAGE_DEPARTMENTS, Permission.MOVE
POLICIES = Permission.MANAGE_POLICIES

_REQUESTS = (
    console_page(GET, "/requests", READ, queue.show_requests, scoped=True),
    console_page(POST, "/requests", READ, queue.save_requests_search, scoped=True),
    console_page(GET, "/requests/chosen", READ, queue.open_chosen, scoped=True),
    console_page(GET, "/requests/done", READ, queue.show_summary, scoped=True),
    Page(GET, "/o/{org}/console/events", READ, queue.stream_events, scoped=True, by_itself=True),
    Page(GET, "/o/{org}/console/counts", READ, queue.tell_counts, scoped=True, by_itself=True),
    console_page(GET, "/requests/{request}", READ, check.show_check, scoped=True),
    console_page(POST, "/requests/{request}/approval", APPROVE, decide.approve, upload=True, form="/requests/{request}", scoped=True),
    console_page(GET, "/requests/{request}/decided", READ, check.show_decided, scoped=True),
    console_page(GET, "/requests/{request}/rejection", APPROVE, decide.ask_rejection, scoped=True),
    console_page(POST, "/requests/{request}/rejection", APPROVE, decide.prepare_rejection, scoped=True),
    console_page(
        GET, "/requests/{request}/rejection/sign", APPROVE, decide.show_rejection, form="/requests/{request}/rejection", scoped=True
    ),
    console_page(
        POST, "/requests/{request}/rejected", APPROVE, decide.reject, upload=True, form="/requests/{request}/rejection", scoped=True
    ),
    console_page(GET, "/requests/{request}/hold", APPROVE, decide.ask_question, scoped=True),
    console_page(POST, "/requests/{request}/hold", APPROVE, decide.hold, scoped=True),
    console_page(POST, "/requests/{request}/release", APPROVE, decide.release, scoped=True),
    console_page(POST, "/statement", READ, signing.download_statement, scoped=True),
)

_CERTIFICATES = (
    console_page(GET, "/certificates", READ, certificates.show_certificates, scoped=True),
    console_page(POST, "/certificates", READ, certificates.save_certificates_search, scoped=True),
    console_page(POST, "/searches/{search}/delete", READ, searches.delete, scoped=True),
    console_page(GET, "/certificates/{serial}", READ, certificate.show_certificate, scoped=True),
    console_page(GET, "/certificates/{serial}/files/{form}", READ, certificate.download, scoped=True),
    console_page(GET, "/certificates/{serial}/revocation", REVOKE, certificate.show_revocation, form="/certificates/{serial}", scoped=True),
    console_page(
        POST, "/certificates/{serial}/revocation", REVOKE, certificate.prepare_revocation, form="/certificates/{serial}", scoped=True
    ),
    console_page(
        POST, "/certificates/{serial}/revoked", REVOKE, certificate.revoke, upload=True, form="/certificates/{serial}", scoped=True
    ),
    console_page(GET, "/certificates/{serial}/revoked", READ, certificate.show_revoked, scoped=True),
    console_page(GET, "/certificates/{serial}/reissue", SUBMIT, reissue.ask_reissue, scoped=True),
    console_page(POST, "/certificates/{serial}/reissue", SUBMIT, reissue.prepare_reissue, upload=True, scoped=True),
    console_page(
        GET, "/certificates/{serial}/reissue/check", SUBMIT, reissue.show_reissue, form="/certificates/{serial}/reissue", scoped=True
    ),
    console_page(POST, "/certificates/{serial}/reissued", SUBMIT, reissue.reissue, form="/certificates/{serial}/reissue", scoped=True),
    console_page(GET, "/requests/{request}/received", READ, reissue.show_received, scoped=True),
)

_PEOPLE = (
    console_page(GET, "/administrators", READ, people.show_people, scoped=True),
    console_page(GET, "/administrators/invite", PEOPLE, people.ask_invitation),
    console_page(POST, "/administrators/invite", PEOPLE, people.prepare_invitation),
    console_page(GET, "/administrators/invite/sign", PEOPLE, people.show_signing, form="/administrators/invite"),
    console_page(POST, "/administrators/invited", PEOPLE, people.invite, upload=True, form="/administrators/invite"),
    console_page(GET, "/administrators/{administrator}", READ, people.show_person, scoped=True),
    console_page(GET, "/administrators/{administrator}/invited", READ, people.show_invited, scoped=True),
    console_page(GET, "/administrators/{administrator}/credentials/{sha256}/revoke", PEOPLE, people.ask_revocation, step_up=True),
    console_page(POST, "/administrators/{administrator}/credentials/{sha256}/revoke", PEOPLE, people.revoke, step_up=True),
    console_page(GET, "/administrators/{administrator}/credentials/revoke", PEOPLE, people.ask_revocation_of_all, step_up=True),
    console_page(POST, "/administrators/{administrator}/credentials/revoke", PEOPLE, people.revoke_every, step_up=True),
    console_page(GET, "/administrators/{administrator}/department", PEOPLE, departments.ask_place),
    console_page(POST, "/administrators/{administrator}/department", PEOPLE, departments.place_person),
    console_page(GET, "/administrators/{administrator}/roles", ASSIGN, roles.ask_role),
    console_page(POST, "/administrators/{administrator}/roles", ASSIGN, roles.prepare_role),
    console_page(GET, "/administrators/{administrator}/roles/sign", ASSIGN, roles.show_role, form="/administrators/{administrator}/roles"),
    console_page(
        POST,
        "/administrators/{administrator}/roles/changed",
        ASSIGN,
        roles.change,
        upload=True,
        form="/administrators/{administrator}/roles",
    ),
    console_page(GET, "/administrators/{administrator}/roles/{assignment}/taking", ASSIGN, roles.show_taking),
    console_page(GET, "/administrators/{administrator}/removal", ASSIGN, roles.ask_removal),
    console_page(
        POST, "/administrators/{administrator}/removed", ASSIGN, roles.remove, upload=True, form="/administrators/{administrator}/removal"
    ),
    console_page(GET, "/administrators/{administrator}/approved", READ, roles.show_approved, scoped=True),
    console_page(
        POST, "/administrators/{administrator}/unlinked", PEOPLE, sign_on.unlink, step_up=True, form="/administrators/{administrator}"
    ),
    console_page(GET, "/sign-on", PEOPLE, sign_on.show_sign_on, step_up=True),
    console_page(POST, "/sign-on", PEOPLE, sign_on.set_up, step_up=True),
    console_page(GET, "/sign-on/removal", PEOPLE, sign_on.ask_removal, step_up=True),
    console_page(POST, "/sign-on/removal", PEOPLE, sign_on.remove, step_up=True),
    console_page(GET, "/tokens", TOKENS, tokens.show_tokens),
    console_page(GET, "/tokens/new", TOKENS, tokens.ask_token, step_up=True),
    console_page(POST, "/tokens", TOKENS, tokens.create, step_up=True, form="/tokens/new"),
    console_page(GET, "/tokens/{token}/revoke", TOKENS, tokens.ask_revocation, step_up=True),
    console_page(POST, "/tokens/{token}/revoke", TOKENS, tokens.revoke, step_up=True),
)

_DEPARTMENTS = (
    console_page(GET, "/departments", READ, departments.show_departments, scoped=True),
    console_page(POST, "/departments", DEPARTMENTS, departments.create, form="/departments"),
    console_page(GET, "/departments/{department}", READ, departments.show_department, scoped=True),
    console_page(POST, "/departments/{department}", DEPARTMENTS, departments.change),
    console_page(POST, "/departments/{department}/place", DEPARTMENTS, departments.move, form="/departments/{department}"),
    console_page(GET, "/departments/{department}/closing", DEPARTMENTS, departments.ask_closing),
    console_page(POST, "/departments/{department}/closing", DEPARTMENTS, departments.close),
    console_page(GET, "/requests/{request}/department", MOVE, departments.ask_place, scoped=True),
    console_page(POST, "/requests/{request}/department", MOVE, departments.place_request, scoped=True),
    console_page(GET, "/certificates/{serial}/department", MOVE, departments.ask_place, scoped=True),
    console_page(POST, "/certificates/{serial}/department", MOVE, departments.place_certificate, scoped=True),
    console_page(GET, "/certificates/{serial}/servers", MOVE, servers.ask_servers, scoped=True),
    console_page(POST, "/certificates/{serial}/servers", MOVE, servers.change_servers, scoped=True),
)

_POLICIES = (
    console_page(GET, "/policies", READ, policies.show_policies),
    console_page(GET, "/policies/new", POLICIES, policy_form.ask_policy),
    console_page(POST, "/policies/new", POLICIES, policy_form.prepare_policy),
    console_page(GET, "/policies/new/sign", POLICIES, policy_form.show_proposal, form="/policies/new"),
    console_page(GET, "/policies/import", POLICIES, policy_form.ask_file),
    console_page(POST, "/policies/import", POLICIES, policy_form.prepare_file, upload=True),
    console_page(GET, "/policies/import/sign", POLICIES, policy_form.show_proposal_of_file, form="/policies/import"),
    console_page(POST, "/policies/proposed", POLICIES, policy_form.propose_policy, upload=True, form="/policies"),
    console_page(POST, "/policies/file", POLICIES, policy_form.download_proposal, form="/policies"),
    console_page(GET, "/policies/{policy}", READ, policies.show_policy),
    console_page(GET, "/policies/{policy}/file", READ, policies.download),
    console_page(GET, "/policies/{policy}/change", POLICIES, policy_form.ask_policy),
    console_page(POST, "/policies/{policy}/change", POLICIES, policy_form.prepare_policy),
    console_page(GET, "/policies/{policy}/change/sign", POLICIES, policy_form.show_proposal, form="/policies/{policy}/change"),
    console_page(GET, "/changes", READ, change_pages.show_changes),
    console_page(GET, "/changes/{change}", READ, change_pages.show_change),
    console_page(GET, "/changes/{change}/refusal", READ, change_pages.ask_reason),
    console_page(POST, "/changes/{change}/refusal", READ, change_pages.prepare_end),
    console_page(GET, "/changes/{change}/refusal/sign", READ, change_pages.show_end, form="/changes/{change}/refusal"),
    console_page(GET, "/changes/{change}/withdrawal", READ, change_pages.ask_reason),
    console_page(POST, "/changes/{change}/withdrawal", READ, change_pages.prepare_end),
    console_page(GET, "/changes/{change}/withdrawal/sign", READ, change_pages.show_end, form="/changes/{change}/withdrawal"),
    console_page(POST, "/changes/{change}/answers", READ, change_pages.answer, upload=True, form="/changes/{change}"),
)

_EVIDENCE = (
    console_page(GET, "/reviews", READ, review_pages.show_reviews),
    console_page(GET, "/reviews/{review}", READ, review_pages.show_review),
    console_page(
        POST,
        "/reviews/{review}/people/{administrator}",
        Permission.REVIEW_ACCESS,
        review_pages.confirm,
        form="/reviews/{review}",
    ),
    console_page(GET, "/audit", AUDIT, log.show_log),
    console_page(GET, "/audit/export", AUDIT, log.export),
    console_page(GET, "/audit/checkpoint", AUDIT, log.download_checkpoint),
    console_page(POST, "/audit/verify", AUDIT, log.verify, reading=True),
    console_page(GET, "/settings", READ, settings.show_settings, scoped=True),
    console_page(GET, "/contacts", READ, contact_pages.show_contacts),
    console_page(GET, "/contacts/new", PEOPLE, contact_pages.ask_contact, step_up=True),
    console_page(POST, "/contacts/new", PEOPLE, contact_pages.propose, step_up=True),
    console_page(POST, "/contacts/{contact_change}/withdrawal", PEOPLE, contact_pages.withdraw, form="/contacts"),
    console_page(GET, "/kit", READ, kit.show_kit, scoped=True),
    console_page(GET, "/kit.zip", READ, kit.download_kit, scoped=True),
    console_page(GET, "/domains/{name}/removal", Permission.MANAGE_DOMAINS, settings.ask_removal, step_up=True),
    console_page(POST, "/domains/{name}/removal", Permission.MANAGE_DOMAINS, settings.remove, step_up=True),
)

SITE = Site(
    name="control_center",
    pages=(
        console_page(GET, "/", READ, home.show_home, scoped=True),
        *_REQUESTS,
        *_CERTIFICATES,
        *_PEOPLE,
        *_DEPARTMENTS,
        *_POLICIES,
        *_EVIDENCE,
    ),
    templates=Path(__file__).parent / "templates",
    frame=console_frame,
)
