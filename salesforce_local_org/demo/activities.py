"""What people did and will do: tasks, events and notes."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone
from typing import TYPE_CHECKING

from salesforce_local_org.demo.accounts import remark
from salesforce_local_org.demo.texts import (
    CALL_RESULTS,
    EVENT_SUBJECTS,
    HOSTILE_TEXTS,
    NOTE_TITLES,
    TASK_SUBJECTS,
)

if TYPE_CHECKING:
    from datetime import date

    from salesforce_local_org.demo.company import Company, Life, Row

TASKS = 600
EVENTS = 200
NOTES = 110

ARCHIVED_AFTER = timedelta(days=365)
"""Salesforce archives closed activities that are older than a year; only ``queryAll`` shows them."""

_PARENTS = ("Account", "Opportunity", "Case", "Contract", "Campaign")
_WEEKDAYS_MASK = 62
_OPEN = ("Not Started", "In Progress", "Waiting on someone else", "Deferred")


def activities(company: Company) -> None:
    """Tasks, events and notes on everything that came before."""
    for number in range(TASKS):
        _task(company, deleted=number % 40 == 39)
    _recurring_task(company)
    for number in range(EVENTS):
        _event(company, deleted=number % 40 == 39)
    for number in range(NOTES):
        _note(company, number)


def _related(company: Company) -> tuple[Row | None, Row | None]:
    """Who an activity is with and what it is about. A lead has no what."""
    if company.chance(0.3):
        lead = company.pick(company.living("Lead"))
        return lead, None
    who = company.pick(company.living("Contact")) if company.chance(0.8) else None
    what = company.pick(company.living(company.pick(_PARENTS))) if company.chance(0.7) else None
    return who, what


def _life(company: Company, *related: Row | None, deleted: bool) -> Life:
    return company.life(max((row["CreatedDate"] for row in related if row), default=None), deleted=deleted)


def _links(who: Row | None, what: Row | None) -> Row:
    return {"WhoId": who["Id"] if who else None, "WhatId": what["Id"] if what else None}


def _is_archived(company: Company, day: date) -> bool:
    return day < company.today - ARCHIVED_AFTER


def _task(company: Company, *, deleted: bool) -> Row:
    who, what = _related(company)
    life = _life(company, who, what, deleted=deleted)
    due_at = life.created + timedelta(days=company.pick((0, 1, 3, 7, 30)))
    due = due_at.date()
    is_done = due_at < company.now - timedelta(days=1) and company.chance(0.8)
    is_call = company.chance(0.25)
    task = company.add(
        "Task",
        life,
        **_links(who, what),
        Subject="Call" if is_call else company.pick(TASK_SUBJECTS),
        ActivityDate=due if is_done or company.chance(0.8) else None,
        Status="Completed" if is_done else company.pick(_OPEN),
        Priority=company.pick(("Normal", "Normal", "Normal", "High", "Low")),
        CompletedDateTime=life.modified if is_done else None,
        Description=remark(company),
        TaskSubtype="Call" if is_call else company.pick(("Task", "Task", "Email")),
        IsArchived=is_done and _is_archived(company, due),
    )
    if is_call and is_done:
        task |= {
            "CallType": company.pick(("Inbound", "Outbound")),
            "CallDurationInSeconds": company.dice.randint(0, 3600),
            "CallDisposition": company.pick(CALL_RESULTS),
        }
    elif not is_done and company.chance(0.2):
        reminder = datetime.combine(due, time(8), timezone.utc)
        task |= {"IsReminderSet": True, "ReminderDateTime": reminder}
    return task


def _recurring_task(company: Company) -> None:
    """A weekly series that ran last spring: the series record and four occurrences."""
    begin = company.today - timedelta(days=120)
    life = company.span(*[datetime.combine(begin, time(7), timezone.utc)] * 2)
    series = company.add(
        "Task",
        life,
        Subject="Check the test pond",
        Status="Not Started",
        Priority="Normal",
        TaskSubtype="Task",
        IsRecurrence=True,
        RecurrenceType="RecursWeekly",
        RecurrenceInterval=1,
        RecurrenceDayOfWeekMask=_WEEKDAYS_MASK,
        RecurrenceStartDateOnly=begin,
        RecurrenceEndDateOnly=begin + timedelta(days=28),
        RecurrenceTimeZoneSidKey="Europe/Berlin",
    )
    series["RecurrenceActivityId"] = series["Id"]
    for week in range(4):
        company.add(
            "Task",
            life,
            Subject=series["Subject"],
            Status="Completed",
            Priority="Normal",
            TaskSubtype="Task",
            ActivityDate=begin + timedelta(weeks=week),
            CompletedDateTime=life.modified,
            RecurrenceActivityId=series["Id"],
        )


def _event(company: Company, *, deleted: bool) -> Row:
    who, what = _related(company)
    life = _life(company, who, what, deleted=deleted)
    day = life.created.date() + timedelta(days=company.dice.randint(1, 60))
    all_day = company.chance(0.1)
    start = datetime.combine(day, time(0 if all_day else company.dice.randint(6, 19)), timezone.utc)
    return company.add(
        "Event",
        life,
        **_links(who, what),
        Subject=company.pick(EVENT_SUBJECTS),
        Location=company.pick(("Online", "HQ, room 4", "Reservoir «North»", "東京支社", None)),
        IsAllDayEvent=all_day,
        ActivityDate=day,
        StartDateTime=start,
        ActivityDateTime=start,
        DurationInMinutes=1440 if all_day else company.pick((15, 30, 60, 90)),
        ShowAs=company.pick(("Busy", "Busy", "OutOfOffice", "Free")),
        EventSubtype="Event",
        GroupEventType="0",
        IsPrivate=company.chance(0.05),
        Description=remark(company),
        IsArchived=_is_archived(company, day),
    )


def _note(company: Company, number: int) -> Row:
    sobject = company.pick(("Account", "Contact", "Lead", "Opportunity", "Contract"))
    parent = company.pick(company.living(sobject))
    body = HOSTILE_TEXTS[number // 3 % len(HOSTILE_TEXTS)] if number % 3 == 0 else remark(company)
    return company.add(
        "Note",
        company.life(parent["CreatedDate"], deleted=number % 37 == 36),
        ParentId=parent["Id"],
        Title=company.pick(NOTE_TITLES),
        Body=body,
        IsPrivate=company.chance(0.1),
    )
