"""What entries of an audit log say, in words, in one place for both consoles: actions, what was tried, objects, reasons, letters.

An entry keeps the names that programs read. Whatever has no words here is shown by its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from privyseal.look.certificate_words import reason_words as revocation_words
from privyseal.look.domain_words import domain_ends
from privyseal.look.people_words import role_words, scope_words
from privyseal.look.rendering import number
from privyseal.look.sentences import word
from privyseal.look.words import gettext, mark, ngettext
from privyseal.model.administrator import Permission, Role
from privyseal.model.audit import NOTHING_TO_TELL, ONE_RECIPIENT

_ACTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "submit-request": (mark("Request received"), mark("ask for a certificate")),
    "send-code-again": (mark("Code sent once more"), mark("have the code sent again")),
    "confirm-request": (mark("Address of the contact confirmed"), mark("confirm an address")),
    "hold-request": (mark("Held with a question to the contact"), mark("hold a request with a question")),
    "answer-question": (mark("Question answered by the contact"), mark("answer a question")),
    "release-request": (mark("Question taken back"), mark("take a question back")),
    "judge-request": (mark("Request checked"), mark("check a request")),
    "approve-request": (mark("Approved under signature"), mark("approve a request")),
    "reject-request": (mark("Rejected under signature"), mark("reject a request")),
    "withdraw-request": (mark("Withdrawn by the contact"), mark("withdraw a request")),
    "lapse-request": (mark("Lapsed without a decision"), mark("let a request lapse")),
    "prepare-certificate": (mark("Certificate prepared and linted"), mark("prepare a certificate")),
    "issue-certificate": (mark("Certificate issued"), mark("issue a certificate")),
    "complete-certificate": (mark("Certificate issued"), mark("issue a certificate")),
    "abandon-intent": (mark("Serial number given up; a new one is drawn"), mark("give up a serial number")),
    "deliver-fact": (mark("Letter"), mark("send a letter")),
    "pick-up-certificate": (mark("Picked up"), mark("pick up a certificate")),
    "check-certificate": (mark("Checked on a server"), mark("check a server")),
    "show-certificate": (mark("Certificate read"), mark("read a certificate")),
    "verify-certificate": (mark("Certificate looked into"), mark("look into a certificate")),
    "reissue-certificate": (mark("Reissue asked for"), mark("ask for a reissue")),
    "revoke-certificate": (mark("Revoked"), mark("revoke a certificate")),
    "keep-certificate": (mark("Not revoked by itself any more: its replacement was revoked"), mark("let a certificate live on")),
    "receive-private-key": (mark("Its private key was sent here by mistake"), mark("hand in a private key")),
    "block-keys": (mark("Keys of a published list blocked"), mark("block keys of a published list")),
    "guess-phrase": (mark("Several wrong challenge phrases"), mark("guess a challenge phrase")),
    "invite-administrator": (mark("Invited as an administrator"), mark("invite an administrator")),
    "use-invitation": (mark("One-time link used"), mark("use a one-time link")),
    "replace-last-administrator": (mark("Let in again by the operator: nobody was left"), mark("let the last administrator in again")),
    "enroll-administrator": (
        mark("Administrator ID asked for with the one-time link"),
        mark("ask for an Administrator ID with a one-time link"),
    ),
    "ask-for-administrator-id": (mark("Next Administrator ID asked for"), mark("ask for the next Administrator ID")),
    "renew-administrator-id": (mark("Administrator ID renewed"), mark("renew an Administrator ID")),
    "replace-administrator-id": (mark("Administrator ID replaced"), mark("replace an Administrator ID")),
    "hand-in-certificate": (mark("Certificate handed in by a proxy"), mark("hand in a certificate in place of a proxy")),
    "report-lost-card": (mark("Reported as lost"), mark("report a lost card")),
    "confirm-lost-card": (mark("Confirmed as lost by the corporate contact"), mark("confirm a lost card")),
    "conclude-lost-card": (mark("Report of a lost card concluded after a call"), mark("conclude a lost card")),
    "propose-contact": (mark("Another contact proposed"), mark("propose another contact")),
    "confirm-contact": (mark("Another contact confirmed at one address"), mark("answer about another contact")),
    "record-contact-call": (mark("Call about another contact recorded"), mark("record a call about another contact")),
    "apply-contact-change": (mark("Contact changed"), mark("change a contact")),
    "end-contact-change": (mark("Change of a contact ended without it"), mark("withdraw the change of a contact")),
    "show-contacts": (mark("Contacts looked at"), mark("look at the contacts")),
    "rename-passkey": (mark("Passkey renamed by its owner"), mark("rename a passkey")),
    "offer-passkey": (mark("Passkey offered with the one-time link"), mark("make a passkey with a one-time link")),
    "enroll-passkey": (mark("Passkey made with the one-time link"), mark("make a passkey with a one-time link")),
    "draft-passkey": (mark("Passkey prepared"), mark("add a passkey")),
    "add-passkey": (mark("Passkey added under another credential"), mark("add a passkey")),
    "issue-administrator-id": (mark("Administrator ID issued"), mark("issue an Administrator ID")),
    "issue-passkey": (mark("Passkey certified"), mark("certify a passkey")),
    "complete-administrator-id": (mark("Credential issued"), mark("issue a credential")),
    "revoke-credential": (mark("Credential revoked"), mark("revoke a credential")),
    "give-role": (mark("Role given"), mark("give a role")),
    "take-role": (mark("Role taken"), mark("take a role")),
    "remove-administrator": (mark("Removed as an administrator"), mark("remove an administrator")),
    "make-access-review": (mark("Access review made"), mark("make an access review")),
    "confirm-access": (mark("Roles confirmed in an access review"), mark("confirm roles in an access review")),
    "finish-access-review": (mark("Access review finished"), mark("finish an access review")),
    "create-department": (mark("Department made"), mark("make a department")),
    "change-department": (mark("Department renamed or charged to another cost center"), mark("change a department")),
    "move-department": (mark("Department moved"), mark("move a department")),
    "close-department": (mark("Department closed"), mark("close a department")),
    "move-request": (mark("Moved to another department"), mark("move a request")),
    "move-certificate": (mark("Moved to another department"), mark("move a certificate")),
    "assign-servers": (mark("Servers changed"), mark("change the servers of a certificate")),
    "move-administrator": (mark("Moved to another department"), mark("move a person")),
    "set-sign-on": (mark("Own sign-on set"), mark("set the own sign-on")),
    "remove-sign-on": (mark("Own sign-on removed"), mark("remove the own sign-on")),
    "show-sign-on": (mark("Own sign-on looked at"), mark("look at the own sign-on")),
    "link-identity": (mark("Linked with the own sign-on"), mark("link an account with the own sign-on")),
    "unlink-identity": (mark("Link with the own sign-on ended"), mark("end a link with the own sign-on")),
    "create-api-token": (mark("Token made"), mark("make a token")),
    "revoke-api-token": (mark("Token revoked"), mark("revoke a token")),
    "start-session": (mark("Signed in"), mark("sign in")),
    "end-session": (mark("Session ended"), mark("end a session")),
    "step-up-session": (mark("Credential shown again"), mark("show the credential again")),
    "hand-over-identity": (mark("Certificate shown to sign in"), mark("show a certificate to sign in")),
    "sign-in": (mark("Signed in"), mark("sign in")),
    "create-organization": (mark("Organization set up"), mark("set up an organization")),
    "vet-organization": (mark("Organization vetted"), mark("vet an organization")),
    "ask-trial": (mark("Trial asked for"), mark("ask for a trial")),
    "confirm-trial": (mark("Trial confirmed"), mark("confirm a trial")),
    "start-trial": (mark("Trial begun"), mark("begin a trial")),
    "create-trial": (mark("Trial begun by the provider"), mark("begin a trial")),
    "end-trial": (mark("Trial ended"), mark("end a trial")),
    "add-test-authority": (mark("Test CA added"), mark("add a test CA")),
    "submit-application": (mark("Application received"), mark("apply for an organization")),
    "confirm-application": (mark("Application confirmed"), mark("confirm an application")),
    "take-up-application": (mark("Application taken up"), mark("take up an application")),
    "reject-application": (mark("Application rejected"), mark("reject an application")),
    "open-vetting": (mark("Vetting begun"), mark("begin a vetting")),
    "record-finding": (mark("Finding recorded"), mark("record a finding")),
    "attach-evidence": (mark("Evidence attached"), mark("attach evidence")),
    "submit-vetting": (mark("Vetting handed over"), mark("hand over a vetting")),
    "conclude-vetting": (mark("Vetting concluded by a second person"), mark("conclude a vetting")),
    "return-vetting": (mark("Vetting returned"), mark("return a vetting")),
    "reject-organization": (mark("Application rejected"), mark("reject an application")),
    "suspend-organization": (mark("Organization suspended"), mark("suspend an organization")),
    "resume-organization": (mark("Organization resumed"), mark("resume an organization")),
    "close-organization": (mark("Organization closed"), mark("close an organization")),
    "add-domain": (mark("Domain registered"), mark("register a domain")),
    "validate-domain": (mark("Domain validated"), mark("validate a domain")),
    "remove-domain": (mark("Domain removed"), mark("remove a domain")),
    "send-domain-letter": (mark("Control over a domain asked by mail"), mark("ask for control over a domain by mail")),
    "confirm-domain-letter": (mark("Control over a domain confirmed by mail"), mark("confirm control over a domain by mail")),
    "remind-of-domain": (mark("Reminded that a validation ends soon"), mark("remind of a validation")),
    "check-caa": (mark("CAA records looked up"), mark("find the certificate permitted by CAA records")),
    "add-policy": (mark("Policy version added"), mark("add a policy version")),
    "propose-change": (mark("Change proposed under signature"), mark("propose a change")),
    "sign-change": (mark("Change signed"), mark("sign a change")),
    "refuse-change": (mark("Change refused under signature"), mark("refuse a change")),
    "withdraw-change": (mark("Change taken back by its proposer"), mark("take a change back")),
    "answer-change": (mark("Change answered"), mark("sign, refuse or take back a change")),
    "apply-change": (mark("Change holds from now on"), mark("apply a change")),
    "overtake-change": (mark("Change overtaken by another one"), mark("overtake a change")),
    "expire-change": (mark("Change without its signatures in time"), mark("let a change expire")),
    "change-policy": (mark("Policy version made by a change"), mark("change a policy")),
    "change-price": (mark("Price changed"), mark("change a price")),
    "change-authority": (mark("CA paused or let go on"), mark("pause a CA or let it go on")),
    "place-order": (mark("Units ordered"), mark("order units")),
    "save-search": (mark("Search kept"), mark("keep a search")),
    "delete-search": (mark("Search deleted"), mark("delete a search")),
    "open-page": (mark("Page opened"), mark("open a page")),
    "export-audit": (mark("Audit log exported"), mark("export the audit log")),
    "stream-events": (mark("Queue followed"), mark("follow the queue")),
    "retry-deliveries": (mark("Failed work tried again"), mark("try failed work again")),
    "publish-crl": (mark("List of revoked certificates published"), mark("publish a list of revoked certificates")),
    "certify-responder": (mark("OCSP responder certified"), mark("certify an OCSP responder")),
    "anchor-log": (mark("Head of a log written down"), mark("write down the head of a log")),
    "initialize": (mark("Service made"), mark("make the service")),
}
"""Name of an action -> what happened, and what was tried where it was refused."""

_OBJECTS: Final = {
    "request": mark("Request"),
    "certificate": mark("Certificate"),
    "administrator": mark("Administrator"),
    "api-token": mark("Token"),
    "organization": mark("Organization"),
    "department": mark("Department"),
    "assignment": mark("Role of a person"),
    "access-review": mark("Access review"),
    "domain": mark("Domain"),
    "application": mark("Application"),
    "policy": mark("Policy"),
    "change": mark("Change"),
    "price": mark("Price"),
    "order": mark("Order"),
    "session": mark("Session"),
    "sign-on": mark("Own sign-on"),
    "contact-change": mark("Change of a contact"),
    "intent": mark("Certificate in the making"),
    "invitation": mark("One-time link"),
    "saved-search": mark("Kept search"),
    "outbox": mark("Failed work"),
    "key-list": mark("List of keys"),
    "fact": mark("Letter"),
    "log": mark("Audit log"),
    "crl": mark("List of revoked certificates"),
    "ca": mark("CA"),
    "service": mark("Service"),
}

_LETTERS: Final = {
    "notices.received": mark("Mailed to the contact: the request is received"),
    "notices.pending": mark("Mailed to an administrator: a request waits"),
    "notices.held": mark("Question mailed to the contact"),
    "notices.rejected": mark("Rejection mailed to the contact"),
    "notices.withdrawn": mark("Mailed to the contact: the request is withdrawn"),
    "notices.failed": mark("Mailed to an administrator: it could not be issued"),
    "notices.issued": mark("Certificate mailed to the contact"),
    "notices.revoked": mark("Revocation mailed"),
    "notices.key-disclosed": mark("Warning mailed: the private key was sent here"),
    "notices.invitation": mark("One-time link mailed"),
    "notices.credential-added": mark("New credential told by mail"),
    "notices.credential-revoked": mark("Revoked credential told by mail"),
    "notices.last-replaced": mark("Mailed: the last administrator was let in again"),
    "notices.access-review": mark("Mailed: an access review was made"),
    "notices.access-review-waits": mark("Mailed: an access review waits"),
    "notices.change-waiting": mark("Mailed to an administrator: a change waits for signatures"),
    "notices.change-closed": mark("Mailed: how a change ended"),
    "notices.phrase-guessed": mark("Mailed to an administrator: wrong challenge phrases"),
    "notices.names-refused": mark("Mailed: names of others were asked for again and again"),
    "notices.domain-control": mark("Asked by mail whether the organization controls a domain"),
    "notices.domain-expiring": mark("Mailed: the validation of a domain ends soon"),
    "notices.domain-removed": mark("Mailed: a domain was removed"),
    "notices.checkpoint": mark("Checkpoint mailed"),
    "notices.application-code": mark("Code mailed to an applicant"),
    "notices.application-waits": mark("Mailed to a vetter: an application waits"),
    "notices.application-rejected": mark("Rejection mailed to an applicant"),
    "notices.kit": mark("Administrator's Kit mailed"),
    "notices.trial-code": mark("Code mailed to whoever asked for a trial"),
    "notices.trial-ends": mark("End of a trial announced"),
    "notices.vetting-ends": mark("Mailed: the vetting ends soon"),
    "notices.organization-moved": mark("State of the account told by mail"),
    "notices.sign-on-changed": mark("Mailed: the organization's own sign-on was set or removed"),
    "notices.identity-linked": mark("Mailed: an account of the own sign-on was linked"),
    "notices.contact-asked": mark("Code mailed about another contact"),
    "notices.contact-proposed": mark("Mailed to an administrator: another contact is proposed"),
    "notices.contact-closed": mark("End of a change of a contact told by mail"),
    "notices.role-changed": mark("Changed role told by mail"),
    "notices.administrator-removed": mark("Removal told by mail"),
}

_TO_SEVERAL: Final = {
    "notices.pending",
    "notices.failed",
    "notices.revoked",
    "notices.key-disclosed",
    "notices.credential-added",
    "notices.credential-revoked",
    "notices.last-replaced",
    "notices.access-review",
    "notices.access-review-waits",
    "notices.organization-moved",
    "notices.application-waits",
    "notices.kit",
    "notices.vetting-ends",
    "notices.trial-ends",
    "notices.phrase-guessed",
    "notices.names-refused",
    "notices.sign-on-changed",
    "notices.identity-linked",
    "notices.contact-proposed",
    "notices.contact-closed",
    "notices.role-changed",
    "notices.administrator-removed",
    "notices.domain-expiring",
    "notices.domain-removed",
}
"""Letters to several people: one entry for each letter, beside the one that says that all of them were written."""

_TOKEN_ENDS: Final = {
    "unused": mark("the program is no longer used"),
    "exposed": mark("somebody else may have the token"),
    "replaced": mark("another token has replaced it"),
    "other": mark("another reason"),
}

_LINK_ENDS: Final = {
    "by-itself": mark("by the person"),
    "by-administrator": mark("by an administrator"),
    "replaced": mark("linked with another account"),
    "other-provider": mark("the sign-on was changed or removed"),
    "removed": mark("the person was removed"),
}

_CONTACTS: Final = {
    "corporate": mark("corporate contact"),
    "technical": mark("technical contact"),
    "billing": mark("billing contact"),
    "alert": mark("alert contact"),
}

_OWN_REASONS: Final[Mapping[str, Mapping[str, str]]] = {
    "propose-contact": _CONTACTS,
    "record-contact-call": _CONTACTS,
    "apply-contact-change": _CONTACTS,
    "confirm-contact": {"asked": mark("at the old address"), "new": mark("at the new address")},
    "end-contact-change": {
        "refused": mark("refused at one address"),
        "withdrawn": mark("withdrawn"),
        "overtaken": mark("overtaken"),
        "expired": mark("not answered in time"),
    },
    "revoke-api-token": _TOKEN_ENDS,
    "unlink-identity": _LINK_ENDS,
    "start-session": {"reading": mark("for reading, through the own sign-on")},
}

_NO_OBJECT: Final = frozenset({"new", "unknown", "batch", "all", "system", ""})
"""What stands where the id of an object would stand, when there is none."""

_NAMELESS: Final = frozenset(
    {"session", "sign-on", "intent", "fact", "order", "policy", "saved-search", "invitation", "outbox", "assignment"}
)
"""Kinds of objects whose id leads nowhere and says nothing to a reader."""


def action_words(action: str, *, refused: bool = False) -> str:
    """Return what an entry tells of; of a refusal, what was tried."""
    done, tried = _ACTIONS.get(action, ("", ""))
    if refused:
        return gettext("Refused: %(what)s") % {"what": gettext(tried) if tried else word(action)}
    return gettext(done) if done else word(action)


def action_choices() -> list[tuple[str, str]]:
    """Return (name, words) of every action, by its words, for a filter."""
    named: dict[str, list[str]] = {}
    for action, (done, _) in _ACTIONS.items():
        named.setdefault(gettext(done), []).append(action)
    rows = [(action, text if len(actions) == 1 else f"{text} ({action})") for text, actions in named.items() for action in actions]
    return sorted(rows, key=lambda row: row[1].casefold())


def letter_words(entry: Mapping[str, Any]) -> str:
    """Return which letter left by an entry ``deliver-fact``, or "" where none did."""
    listener, _, one = str(entry["reason"]).partition(" to ")[2].partition(", ")
    if one == NOTHING_TO_TELL or (listener in _TO_SEVERAL and one != ONE_RECIPIENT):
        return ""
    return gettext(_LETTERS[listener]) if listener in _LETTERS else ""


def entry_words(entry: Mapping[str, Any]) -> str:
    """Return what an entry of the log says, as one line of it."""
    if entry["action"] == "deliver-fact":
        return letter_words(entry) or (
            gettext("Wrote no letter") if entry["reason"].endswith(NOTHING_TO_TELL) else gettext("Addressed letters")
        )
    return action_words(str(entry["action"]), refused=entry["outcome"] == "refused")


def object_words(kind: str, object_id: str) -> tuple[str, str]:
    """Return what kind of thing an entry is about and its id, "" where it has none that a reader could use."""
    words = gettext(_OBJECTS[kind]) if kind in _OBJECTS else word(kind)
    return words, "" if object_id in _NO_OBJECT or kind in _NAMELESS else object_id


def reason_words(entry: Mapping[str, Any]) -> str:
    """Return the reason of an entry in words, "" where it has none that the entry does not say already."""
    action, reason = str(entry["action"]), str(entry["reason"])
    if entry["outcome"] == "refused" or action == "end-session":
        return word(reason)
    if action == "create-api-token":
        scopes = {scope.value: scope_words(scope)[0] for scope in (Permission.READ, Permission.SUBMIT, Permission.READ_AUDIT)}
        return ", ".join(scopes.get(name, name) for name in reason.split())
    if action == "assign-servers":
        return _servers_words(reason)
    return _reasons_of(action).get(reason, "" if action in {"deliver-fact", "use-invitation"} else reason)


_SERVERS: Final = {
    "added": mark("added: %(servers)s"),
    "removed": mark("removed: %(servers)s"),
    "changed": mark("of another kind: %(servers)s"),
}


def _servers_words(reason: str) -> str:
    """Return which servers came to a certificate and which left it; hosts have no spaces, so the words around them are ours."""
    told = []
    for part in reason.split("; "):
        change, _, servers = part.partition(": ")
        *named, last = servers.split(", ")
        count, is_rest, _ = last.partition(" more")
        rest = ngettext("%(num)s more", "%(num)s more", int(count)) % {"num": number(int(count))} if is_rest else last
        told.append(gettext(_SERVERS[change]) % {"servers": ", ".join([*named, rest])})
    return "; ".join(told)


def _reasons_of(action: str) -> dict[str, str]:
    """Return the reasons that entries of an action give, with their words."""
    if action in {"revoke-certificate", "revoke-credential"}:
        return {reason.value: words for reason, words in revocation_words().items()}
    if action in _OWN_REASONS:
        return {name: gettext(words) for name, words in _OWN_REASONS[action].items()}
    if action == "invite-administrator":
        return {role.value: role_words(role) for role in Role}
    if action == "validate-domain":
        return {
            "dns-txt": gettext("by DNS"),
            "dns-persistent": gettext("by DNS, for good"),
            "http-token": gettext("by HTTP"),
            "mail": gettext("by mail"),
        }
    if action == "remove-domain":
        return dict(domain_ends())
    return {}


def actor_kind_words(kind: str, actor_id: str) -> str:
    """Return who acted, by an actor's kind; with the id where it names somebody."""
    words = {
        "system": gettext("the service"),
        "operator": gettext("the provider's operator"),
        "requester": gettext("not signed in"),
        "api-token": gettext("a token"),
    }
    return words.get(kind, actor_id)
