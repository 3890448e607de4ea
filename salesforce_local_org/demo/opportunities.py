"""Deals, open, won and lost: their products, schedules, people, rivals and history."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from salesforce_local_org.base_records import STAGES
from salesforce_local_org.demo.accounts import CONTACT_ROLES, SOURCES, remark
from salesforce_local_org.demo.texts import COMPETITORS, NEXT_STEPS, STRENGTHS, WEAKNESSES

if TYPE_CHECKING:
    from salesforce_local_org.demo.company import Company, Row

OPPORTUNITIES = 250

_OPEN = [stage for stage in STAGES if not stage.is_closed]
_WON = next(stage for stage in STAGES if stage.is_won)
_LOST = next(stage for stage in STAGES if stage.is_closed and not stage.is_won)
_TYPES = (
    "New Customer",
    "New Customer",
    "Existing Customer - Upgrade",
    "Existing Customer - Replacement",
    None,
)
_PURPOSES = ("pilot", "roll-out", "renewal", "extension", "lake project", "Erweiterung", '"Phase 2"')


def opportunities(company: Company) -> None:
    """Opportunities with all that hangs on them."""
    for number in range(OPPORTUNITIES):
        row = _opportunity(company, deleted=number % 35 == 34)
        if row["IsDeleted"]:
            continue
        if row["Pricebook2Id"]:
            _line_items(company, row)
        _history(company, row)
        _contact_roles(company, row)
        if company.chance(0.3):
            _competitor(company, row)


def _opportunity(company: Company, *, deleted: bool) -> Row:
    account = company.pick(company.living("Account"))
    life = company.life(account["CreatedDate"], deleted=deleted)
    stage = company.pick((*[_WON] * 4, *[_LOST] * 3, *_OPEN))
    lasts = timedelta(days=company.dice.randint(14, 200))
    latest_close = company.today - timedelta(days=1) if stage.is_closed else company.today + lasts
    close = max(min(life.created.date() + lasts, latest_close), life.created.date())
    amount = (
        company.pick((None, 0.0, 0.01, 1.5, 9_999_999_999_999.99))
        if company.chance(0.06)
        else _amount(company)
    )
    return company.add(
        "Opportunity",
        life,
        AccountId=account["Id"],
        OwnerId=account["OwnerId"],
        Name=f"{account['Name'][:90]} {company.pick(_PURPOSES)}",
        Type=company.pick(_TYPES),
        LeadSource=company.pick(SOURCES),
        NextStep=None if stage.is_closed else company.pick(NEXT_STEPS),
        Description=remark(company),
        IsPrivate=company.chance(0.03),
        Pricebook2Id=company.price_book_entries[0]["Pricebook2Id"] if company.chance(0.65) else None,
        LastStageChangeDate=life.modified if life.modified > life.created else None,
        Win_Score__c=round(company.dice.random(), 4) if company.chance(0.5) else None,
        Contracted_Until__c=close + timedelta(days=365) if stage.is_won else None,
        Battle_Card__c=f"<p>{company.pick(COMPETITORS)}: ask about <b>drift</b>.</p>"
        if company.chance(0.2)
        else None,
        StageName=stage.label,
        Amount=amount,
        CloseDate=close,
    )


def _amount(company: Company) -> float:
    return round(250 * 2 ** company.dice.uniform(0, 10), 2)


def _line_items(company: Company, opportunity: Row) -> None:
    """Products of a deal, which add up to its amount. Every fourth deal is paid in instalments."""
    total, units = 0.0, 0.0
    for order in range(1, company.dice.randint(1, 4) + 1):
        entry = company.pick(company.price_book_entries)
        quantity = float(company.pick((1, 2, 3, 10, 12, 250)))
        price = round(entry["UnitPrice"] * company.pick((1.0, 1.0, 0.9, 0.75)), 2)
        line = company.add(
            "OpportunityLineItem",
            company.life(opportunity["CreatedDate"], deleted=company.chance(0.02)),
            OpportunityId=opportunity["Id"],
            SortOrder=order,
            PricebookEntryId=entry["Id"],
            Quantity=quantity,
            UnitPrice=price,
            TotalPrice=round(quantity * price, 2),
            ServiceDate=opportunity["CloseDate"] + timedelta(days=30) if company.chance(0.5) else None,
            Description="".join((remark(company) or "").splitlines()[:1]),
        )
        if not line["IsDeleted"]:
            total, units = total + line["TotalPrice"], units + quantity
            if order == 1 and company.chance(0.25):
                _schedules(company, line, opportunity["CloseDate"])
    if units:
        opportunity |= {
            "Amount": round(total, 2),
            "TotalOpportunityQuantity": units,
            "HasOpportunityLineItem": True,
        }


def _schedules(company: Company, line: Row, begin: date) -> None:
    """Revenue in three instalments of which the last takes the rounding."""
    share = round(line["TotalPrice"] / 3, 2)
    for number, revenue in enumerate((share, share, round(line["TotalPrice"] - 2 * share, 2))):
        company.add(
            "OpportunityLineItemSchedule",
            company.span(line["CreatedDate"], line["LastModifiedDate"]),
            OpportunityLineItemId=line["Id"],
            Type="Revenue",
            Revenue=revenue,
            ScheduleDate=begin + timedelta(days=30 * number),
            Description=f"Instalment {number + 1} of 3",
        )


def _history(company: Company, opportunity: Row) -> None:
    """What the tracked fields were before: one row a change, as field history tracking writes them."""
    born, last = opportunity["CreatedDate"], opportunity["LastModifiedDate"]
    changes: list[tuple[str, str, object, object]] = [("created", "Text", None, None)]
    if last > born and opportunity["StageName"] != _OPEN[0].label:
        changes.append(("StageName", "DynamicEnum", _OPEN[0].label, opportunity["StageName"]))
    if last > born and company.chance(0.5):
        changes.append(("Amount", "Currency", "1000.0", _text(opportunity["Amount"])))
    if last > born and company.chance(0.4):
        earlier = opportunity["CloseDate"] - timedelta(days=14)
        changes.append(("CloseDate", "DateOnly", earlier.isoformat(), opportunity["CloseDate"].isoformat()))
    if last > born and company.chance(0.2):
        changes.append(("Owner", "EntityId", company.org.user_id, opportunity["OwnerId"]))
    for field_name, data_type, old, new in changes:
        moment = born if field_name == "created" else company.moment(born, last)
        company.add(
            "OpportunityFieldHistory",
            company.span(moment, moment),
            OpportunityId=opportunity["Id"],
            Field=field_name,
            DataType=data_type,
            OldValue=old,
            NewValue=new,
        )


def _text(amount: object) -> str | None:
    return None if amount is None else str(amount)


def _contact_roles(company: Company, opportunity: Row) -> None:
    colleagues = [row for row in company.living("Contact") if row["AccountId"] == opportunity["AccountId"]]
    for number, contact in enumerate(colleagues[: company.dice.randint(0, 2)]):
        if number == 0:
            opportunity["ContactId"] = contact["Id"]
        company.add(
            "OpportunityContactRole",
            company.life(
                max(opportunity["CreatedDate"], contact["CreatedDate"]), deleted=company.chance(0.04)
            ),
            OpportunityId=opportunity["Id"],
            ContactId=contact["Id"],
            Role=company.pick(CONTACT_ROLES),
            IsPrimary=number == 0,
        )


def _competitor(company: Company, opportunity: Row) -> None:
    company.add(
        "OpportunityCompetitor",
        company.life(opportunity["CreatedDate"], deleted=company.chance(0.04)),
        OpportunityId=opportunity["Id"],
        CompetitorName=company.pick(COMPETITORS),
        Strengths=company.pick(STRENGTHS),
        Weaknesses=company.pick(WEAKNESSES),
    )
