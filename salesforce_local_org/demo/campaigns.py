"""Marketing: campaigns, who was reached, and who may see them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from salesforce_local_org.demo.accounts import remark
from salesforce_local_org.demo.texts import CAMPAIGNS

if TYPE_CHECKING:
    from salesforce_local_org.demo.company import Company, Row

MEMBERS_PER_CAMPAIGN = 35

_MEMBER_STATUSES = (("Planned", False), ("Received", False), ("Responded", True), ("Sent", False))
_SUMS = (
    "NumberOfLeads",
    "NumberOfContacts",
    "NumberOfResponses",
    "NumberOfOpportunities",
    "NumberOfWonOpportunities",
    "AmountAllOpportunities",
    "AmountWonOpportunities",
)


def campaigns(company: Company) -> None:
    """Campaigns with their members, shares and sums. Comes after leads and opportunities."""
    for name, kind in CAMPAIGNS:
        campaign = _campaign(company, name, kind)
        _shares(company, campaign)
        _statuses(company, campaign)
        _members(company, campaign)
    rows = company.living("Campaign")
    for child, parent in zip(rows[-3:], rows[:3], strict=True):
        child["ParentId"] = parent["Id"]
    _influence(company, rows)
    for number in range(2):
        company.add("Campaign", company.life(deleted=True), Name=f"Cancelled idea {number + 1}", Type="Other")


def _campaign(company: Company, name: str, kind: str) -> Row:
    start = company.day(-600, 60)
    ended = start < company.today - timedelta(days=30)
    edition = company.serial("campaign")
    return company.add(
        "Campaign",
        company.life(),
        Name=f"{name} {start.year}" if edition <= len(CAMPAIGNS) else f"{name} {start.year}/{edition}",
        Type=kind,
        Status="Completed" if ended else company.pick(("Planned", "In Progress")),
        StartDate=start,
        EndDate=start + timedelta(days=company.pick((0, 1, 14, 30))),
        BudgetedCost=company.pick((None, 500.0, 12_000.0)),
        ActualCost=company.pick((None, 480.0, 13_337.0)),
        ExpectedRevenue=company.pick((None, 50_000.0)),
        ExpectedResponse=company.pick((None, 0.5, 12.25)),
        NumberSent=company.pick((0.0, 250.0, 18_000.0)),
        IsActive=not ended,
        Description=remark(company, 0.2),
        **dict.fromkeys(_SUMS, 0),
    )


def _shares(company: Company, campaign: Row) -> None:
    life = company.span(campaign["CreatedDate"], campaign["LastModifiedDate"])
    company.add(
        "CampaignShare",
        life,
        CampaignId=campaign["Id"],
        UserOrGroupId=campaign["OwnerId"],
        CampaignAccessLevel="All",
        RowCause="Owner",
    )
    if company.chance(0.6):
        company.add(
            "CampaignShare",
            life,
            CampaignId=campaign["Id"],
            UserOrGroupId=company.pick(company.queues),
            CampaignAccessLevel=company.pick(("Read", "Edit")),
            RowCause="Manual",
        )


def _statuses(company: Company, campaign: Row) -> None:
    life = company.span(campaign["CreatedDate"], campaign["CreatedDate"])
    for order, (label, responded) in enumerate(_MEMBER_STATUSES, 1):
        company.add(
            "CampaignMemberStatus",
            life,
            CampaignId=campaign["Id"],
            Label=label,
            SortOrder=order,
            IsDefault=order == 1,
            HasResponded=responded,
        )


def _members(company: Company, campaign: Row) -> None:
    people = [("Lead", row) for row in company.living("Lead") if not row.get("IsConverted")]
    people += [("Contact", row) for row in company.living("Contact")]
    for kind, row in company.dice.sample(people, MEMBERS_PER_CAMPAIGN):
        start = max(campaign["CreatedDate"], row["CreatedDate"])
        life = company.life(start, deleted=company.chance(0.02))
        responded = company.chance(0.3) and campaign["Status"] != "Planned"
        company.add(
            "CampaignMember",
            life,
            CampaignId=campaign["Id"],
            **{f"{kind}Id": row["Id"]},
            Status="Responded" if responded else company.pick(("Sent", "Planned", "Received")),
            FirstRespondedDate=life.modified.date() if responded else None,
        )
        if not life.deleted:
            campaign[f"NumberOf{kind}s"] += 1
            campaign["NumberOfResponses"] += responded


def _influence(company: Company, rows: list[Row]) -> None:
    """A fifth of the opportunities came from a campaign; each campaign sums up its own."""
    for opportunity in company.living("Opportunity"):
        if not company.chance(0.2):
            continue
        campaign = company.pick(rows)
        opportunity["CampaignId"] = campaign["Id"]
        amount = round(opportunity["Amount"] or 0)
        campaign["NumberOfOpportunities"] += 1
        campaign["AmountAllOpportunities"] += amount
        if opportunity["StageName"] == "Closed Won":
            campaign["NumberOfWonOpportunities"] += 1
            campaign["AmountWonOpportunities"] += amount
