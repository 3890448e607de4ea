"""After the sale: cases, what was said about them, and the solutions that closed them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salesforce_local_org.demo.accounts import remark
from salesforce_local_org.demo.texts import CASE_COMMENTS, CASE_SUBJECTS, HOSTILE_TEXTS, SOLUTIONS

if TYPE_CHECKING:
    from salesforce_local_org.demo.company import Company, Row

CASES = 180
SOLUTION_EDITIONS = 3

_STATUSES = ("New", "Working", "Escalated", "Closed", "Closed", "Closed")
_REASONS = ("Installation", "Equipment Complexity", "Performance", "Breakdown", "Feedback", "Other", None)


def service(company: Company) -> None:
    """Solutions first, then cases with comments, contact roles and the solutions tried on them."""
    for edition in range(1, SOLUTION_EDITIONS + 1):
        for title, text in SOLUTIONS:
            _solution(
                company,
                f"{title} (edition {edition})",
                text,
                deleted=edition == 1 and title.startswith("Why"),
            )
    for number in range(CASES):
        case = _case(company, deleted=number % 36 == 35)
        if not case["IsDeleted"]:
            _comments(company, case)
            _people_and_solutions(company, case)
    _hierarchy(company)


def _solution(company: Company, title: str, text: str, *, deleted: bool) -> Row:
    reviewed = company.chance(0.6)
    return company.add(
        "Solution",
        company.life(deleted=deleted),
        SolutionName=title,
        SolutionNote=text,
        Status="Reviewed" if reviewed else company.pick(("Draft", "Duplicate")),
        IsPublished=reviewed,
        IsPublishedInPublicKb=company.chance(0.2),
        TimesUsed=0,
    )


def _case(company: Company, *, deleted: bool) -> Row:
    contact = company.pick(company.living("Contact")) if company.chance(0.9) else None
    life = company.life(contact["CreatedDate"] if contact else None, deleted=deleted)
    status = company.pick(_STATUSES)
    case = company.add(
        "Case",
        life,
        ContactId=contact["Id"] if contact else None,
        AccountId=contact["AccountId"] if contact else None,
        OwnerId=company.pick((*company.queues[1:], *company.supporters)),
        Subject=company.pick(CASE_SUBJECTS),
        Description=remark(company, 0.3),
        Status=status,
        Priority=company.pick(("High", "Medium", "Medium", "Low")),
        Origin=company.pick(("Phone", "Email", "Web", None)),
        Type=company.pick(("Mechanical", "Electrical", "Electronic", "Other", None)),
        Reason=company.pick(_REASONS),
        IsEscalated=status == "Escalated",
        ClosedDate=life.modified if status == "Closed" else None,
        SuppliedName=None if contact else "Anonymous from the web form",
        SuppliedEmail=None if contact else f"visitor{company.serial('visitor')}@example.org",
    )
    case["CreatedById"] = company.pick(company.supporters)
    return case


def _comments(company: Company, case: Row) -> None:
    for number in range(company.dice.randint(0, 3)):
        hostile = company.chance(0.1)
        company.add(
            "CaseComment",
            company.life(case["CreatedDate"], deleted=company.chance(0.02)),
            ParentId=case["Id"],
            CommentBody=company.pick(HOSTILE_TEXTS) if hostile else company.pick(CASE_COMMENTS),
            IsPublished=number == 0,
        )


def _people_and_solutions(company: Company, case: Row) -> None:
    if case["ContactId"] and company.chance(0.35):
        company.add(
            "CaseContactRole",
            company.life(case["CreatedDate"], deleted=company.chance(0.05)),
            CasesId=case["Id"],
            ContactId=case["ContactId"],
            Role=company.pick(("Technical Contact", "Business Contact", "Decision Maker", "Other")),
        )
    if case["Status"] == "Closed" and company.chance(0.5):
        solution = company.pick(company.living("Solution"))
        start = max(case["CreatedDate"], solution["CreatedDate"])
        company.add(
            "CaseSolution",
            company.life(start, deleted=company.chance(0.05)),
            CaseId=case["Id"],
            SolutionId=solution["Id"],
        )
        solution["TimesUsed"] += 1


def _hierarchy(company: Company) -> None:
    """A few cases belong to an earlier one; one was merged into another."""
    living = company.living("Case")
    for child, parent in zip(living[50:56], living[:6], strict=True):
        child["ParentId"] = parent["Id"]
    winner = living[60]
    company.add(
        "Case",
        company.life(winner["CreatedDate"], deleted=True),
        MasterRecordId=winner["Id"],
        **{
            name: winner[name]
            for name in ("Subject", "Status", "Priority", "ContactId", "AccountId", "OwnerId")
        },
    )
