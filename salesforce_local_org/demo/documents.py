"""Papers on the shelf: documents and dashboards in their folders, and the tags people stick on everything."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import TYPE_CHECKING

from salesforce_local_org.demo.texts import DASHBOARDS, DOCUMENTS, TAG_WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from salesforce_local_org.demo.company import Company, Row

TAGGED = (
    "Account", "Campaign", "Case", "Contact", "Contract", "Document", "Event", "Lead", "Note", "Opportunity",
    "Solution", "Task",
)  # fmt: skip
TAGS_PER_OBJECT = 12
LONG_BODY = 30_000
"""Characters of one document that is long enough to matter to whoever reads bodies."""


def dashboards(company: Company) -> None:
    """Folders and dashboards. Once per org, whatever the scale."""
    early = company.span(*[company.now - timedelta(days=700)] * 2)
    for kind in ("Document", "Dashboard"):
        company.folders[kind] = company.add(
            "Folder",
            early,
            Name=f"Larkfield {kind}s",
            DeveloperName=f"Larkfield_{kind}s",
            Type=kind,
            AccessType="Public",
        )["Id"]
    for number, title in enumerate(DASHBOARDS, 1):
        company.add(
            "Dashboard",
            company.life(deleted=number == len(DASHBOARDS)),
            Title=title,
            DeveloperName=f"Dashboard_{number}",
            FolderId=company.folders["Dashboard"],
            FolderName="Larkfield Dashboards",
            RunningUserId=company.org.user_id,
            Description=f"{title}, refreshed nightly" if number % 2 else None,
            **dict.fromkeys(("LeftSize", "MiddleSize", "RightSize"), "Medium"),
            TitleColor=0,
            TitleSize=12,
            TextColor=0,
            BackgroundStart=16_777_215,
            BackgroundEnd=16_777_215,
            BackgroundDirection="Diagonal",
            Type="SpecifiedUser",
            ColorPalette="Default",
            ChartTheme="light",
        )
    tags(company, ("Dashboard",))


def documents(company: Company) -> None:
    """Small files of several types, one empty, one long, one deleted."""
    for edition in (1, 2):
        for name, content_type, extension, body in DOCUMENTS:
            _document(
                company,
                f"{name} v{edition}",
                content_type,
                extension,
                body,
                deleted=name.startswith("Readings"),
            )
    lines = "time,ph\n" + "00:00,7.01\n" * (LONG_BODY // 11)
    _document(company, "Readings of a year", "text/csv", "csv", lines)


def _document(
    company: Company, name: str, content_type: str, extension: str, body: str, *, deleted: bool = False
) -> Row:
    return company.add(
        "Document",
        company.life(deleted=deleted),
        Name=name,
        DeveloperName=f"Document_{company.serial('document')}",
        FolderId=company.folders["Document"],
        ContentType=content_type,
        Type=extension,
        Body=base64.b64encode(body.encode()).decode(),
        IsPublic=company.chance(0.5),
        IsInternalUseOnly=company.chance(0.2),
        AuthorId=company.pick(company.sellers),
        Keywords=company.pick(("price, 2024", "sensor", None)),
        Description=None,
    )


def tags(company: Company, sobjects: Sequence[str] = TAGGED) -> None:
    """Some public and some personal tags on every object that can be tagged; a word is defined once."""
    for sobject in sobjects:
        rows = company.living(sobject)
        for number, row in enumerate(company.dice.sample(rows, min(TAGS_PER_OBJECT, len(rows)))):
            definition = _definition(
                company, company.pick(TAG_WORDS), company.pick(("Public", "Public", "Personal"))
            )
            start = max(row["CreatedDate"], definition["CreatedDate"])
            company.add(
                f"{sobject}Tag",
                company.life(start, deleted=number == TAGS_PER_OBJECT - 1),
                ItemId=row["Id"],
                TagDefinitionId=definition["Id"],
                Name=definition["Name"],
                Type=definition["Type"],
            )


def _definition(company: Company, word: str, kind: str) -> Row:
    known = company.tag_definitions.get((word, kind))
    if known is None:
        known = company.add("TagDefinition", company.life(), Name=word, Type=kind)
        company.tag_definitions[word, kind] = known
    return known
