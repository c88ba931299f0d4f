"""The variable parts of addresses and queries, each with its form: what does not fit names nothing and is 404."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

Slug = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,40}$", description="Short name of the organization.", examples=["resource-marketing"])]
RequestPath = Annotated[str, Path(pattern=r"^req-[0-9a-f]{32}$", description="Id of the request.")]
AdministratorPath = Annotated[str, Path(pattern=r"^adm-[0-9a-f]{32}$", description="Id of the administrator.")]
TokenPath = Annotated[str, Path(pattern=r"^tok-[0-9a-f]{32}$", description="Id of the token, not the token itself.")]
SerialPath = Annotated[str, Path(pattern=r"^[0-9a-f]{2,40}$", description="Serial number in hex, two digits per byte, without 0x.")]
Sha256Path = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the certificate in hex.")]
DomainPath = Annotated[str, Path(pattern=r"^[a-z0-9.-]{1,253}$", description="Name of the domain, A-labels in lower case.")]

ChangePath = Annotated[str, Path(pattern=r"^chg-[0-9a-f]{32}$", description="Id of the change.")]
ContactChangePath = Annotated[str, Path(pattern=r"^cch-[0-9a-f]{32}$", description="Id of the change of a contact.")]
LostCardPath = Annotated[str, Path(pattern=r"^lst-[0-9a-f]{32}$", description="Id of the report of a lost card.")]
PolicyPath = Annotated[str, Path(max_length=64, description="Name of the policy.", examples=["tls-server"])]
VersionPath = Annotated[int, Path(ge=1, le=2**31 - 1, description="Number of the version.")]
ApplicationPath = Annotated[str, Path(pattern=r"^apl-[0-9a-f]{32}$", description="Id of an application.")]
TrialPath = Annotated[str, Path(pattern=r"^trl-[0-9a-f]{32}$", description="Id of the wish for a trial.")]
ValidationPath = Annotated[str, Path(pattern=r"^val-[0-9a-f]{32}$", description="Id of a validation.")]
DomainLetterPath = Annotated[str, Path(pattern=r"^ltr-[0-9a-f]{32}$", description="Id of a letter about a domain.")]

After = Annotated[str, Query(pattern=r"^([a-z]{3}-[0-9a-f]{32})?$", description="The `next` of the page before.")]
Person = Annotated[str, Query(pattern=r"^(adm-[0-9a-f]{32})?$", description="Id of the administrator whose roles would change.")]
Limit = Annotated[int, Query(ge=1, le=200, description="Items on a page.")]
