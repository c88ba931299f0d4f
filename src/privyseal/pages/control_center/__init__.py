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
    home,
    log,
    people,
    queue,
    searches,
    settings,
    signing,
    tokens,
)
from privyseal.pages.control_center.entry import console_frame, console_page
from privyseal.reception.site import Method, Page, Site

GET, POST = Method.GET, Method.POST
READ, APPROVE, REVOKE, AUDIT = Permission.READ, Permission.APPROVE, Permission.REVOKE, Permission.READ_AUDIT
PEOPLE, TOKENS = Permission.MANAGE_ADMINISTRATORS, Permission.MANAGE_TOKENS

_REQUESTS = (
    console_page(GET, "/requests", READ, queue.show_requests),
    console_page(POST, "/requests", READ, queue.save_requests_search),
    console_page(GET, "/requests/chosen", READ, queue.open_chosen),
    console_page(GET, "/requests/done", READ, queue.show_summary),
    Page(GET, "/o/{org}/console/events", READ, queue.stream_events, by_itself=True),
    Page(GET, "/o/{org}/console/counts", READ, queue.tell_counts, by_itself=True),
    console_page(GET, "/requests/{request}", READ, check.show_check),
    console_page(POST, "/requests/{request}/approval", APPROVE, decide.approve, upload=True, form="/requests/{request}"),
    console_page(GET, "/requests/{request}/decided", READ, check.show_decided),
    console_page(GET, "/requests/{request}/rejection", APPROVE, decide.ask_rejection),
    console_page(POST, "/requests/{request}/rejection", APPROVE, decide.prepare_rejection),
    console_page(POST, "/requests/{request}/rejected", APPROVE, decide.reject, upload=True, form="/requests/{request}/rejection"),
    console_page(GET, "/requests/{request}/hold", APPROVE, decide.ask_question),
    console_page(POST, "/requests/{request}/hold", APPROVE, decide.hold),
    console_page(POST, "/requests/{request}/release", APPROVE, decide.release),
    console_page(POST, "/statement", READ, signing.download_statement),
)

_CERTIFICATES = (
    console_page(GET, "/certificates", READ, certificates.show_certificates),
    console_page(POST, "/certificates", READ, certificates.save_certificates_search),
    console_page(POST, "/searches/{search}/delete", READ, searches.delete),
    console_page(GET, "/certificates/{serial}", READ, certificate.show_certificate),
    console_page(GET, "/certificates/{serial}/files/{form}", READ, certificate.download),
    console_page(POST, "/certificates/{serial}/revocation", REVOKE, certificate.prepare_revocation, form="/certificates/{serial}"),
    console_page(POST, "/certificates/{serial}/revoked", REVOKE, certificate.revoke, upload=True, form="/certificates/{serial}"),
    console_page(GET, "/certificates/{serial}/revoked", READ, certificate.show_revoked),
)

_PEOPLE = (
    console_page(GET, "/administrators", READ, people.show_people),
    console_page(GET, "/administrators/invite", PEOPLE, people.ask_invitation),
    console_page(POST, "/administrators/invite", PEOPLE, people.prepare_invitation),
    console_page(POST, "/administrators/invited", PEOPLE, people.invite, upload=True, form="/administrators/invite"),
    console_page(GET, "/administrators/{administrator}", READ, people.show_person),
    console_page(GET, "/administrators/{administrator}/invited", READ, people.show_invited),
    console_page(GET, "/administrators/{administrator}/credentials/{sha256}/revoke", PEOPLE, people.ask_revocation, step_up=True),
    console_page(POST, "/administrators/{administrator}/credentials/{sha256}/revoke", PEOPLE, people.revoke, step_up=True),
    console_page(GET, "/tokens", TOKENS, tokens.show_tokens),
    console_page(GET, "/tokens/new", TOKENS, tokens.ask_token, step_up=True),
    console_page(POST, "/tokens", TOKENS, tokens.create, step_up=True, form="/tokens/new"),
    console_page(GET, "/tokens/{token}/revoke", TOKENS, tokens.ask_revocation, step_up=True),
    console_page(POST, "/tokens/{token}/revoke", TOKENS, tokens.revoke, step_up=True),
)

_EVIDENCE = (
    console_page(GET, "/audit", AUDIT, log.show_log),
    console_page(GET, "/audit/export", AUDIT, log.export),
    console_page(GET, "/audit/checkpoint", AUDIT, log.download_checkpoint),
    console_page(POST, "/audit/verify", AUDIT, log.verify),
    console_page(GET, "/settings", READ, settings.show_settings),
)

SITE = Site(
    name="control_center",
    pages=(console_page(GET, "/", READ, home.show_home), *_REQUESTS, *_CERTIFICATES, *_PEOPLE, *_EVIDENCE),
    templates=Path(__file__).parent / "templates",
    frame=console_frame,
)
