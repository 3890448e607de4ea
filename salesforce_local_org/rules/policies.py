"""What an org's administrator has set up about records: validation rules and duplicate rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salesforce_local_org import formula
from salesforce_local_org.rules.errors import RecordError
from salesforce_local_org.tables import quoted

if TYPE_CHECKING:
    from salesforce_local_org.org import Org
    from salesforce_local_org.schema import DuplicateRule, SObject, ValidationRule

Row = dict[str, Any]


def check_validation_rules(org: Org, sobject: SObject, row: Row) -> None:
    """Refuse a record for which a validation rule's condition holds.

    Args:
        org: The org.
        sobject: The record's object.
        row: The whole record as it will be, by column.

    Raises:
        RecordError: FIELD_CUSTOM_VALIDATION_EXCEPTION with the rule's own message.
    """
    for rule in org.schema.validation_rules:
        if rule.object == sobject.name and _holds(org, sobject, rule, row):
            raise RecordError(
                "FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, [rule.field] if rule.field else []
            )


def _holds(org: Org, sobject: SObject, rule: ValidationRule, row: Row) -> bool:
    """Work the condition out in SQL, over a row that is nowhere stored yet."""
    condition = formula.condition_sql(org.schema, sobject, rule.condition, "record", org.clock.now())
    columns = ", ".join(f"? AS {quoted(name)}" for name in row)
    (holds,) = org.store.connection.execute(
        f"SELECT {condition} FROM (SELECT {columns}) record",  # noqa: S608
        tuple(row.values()),
    ).fetchone()
    return bool(holds)


def check_duplicate_rules(org: Org, sobject: SObject, row: Row, *, allow_save: bool) -> None:
    """Refuse a record that a duplicate rule finds to be one.

    Args:
        org: The org.
        sobject: The record's object.
        row: The whole record as it will be; without ``Id`` when it is new.
        allow_save: ``Sforce-Duplicate-Rule-Header: allowSave=true``: rules that only alert let it pass.

    Raises:
        RecordError: DUPLICATES_DETECTED; its details hold the ``duplicateResult``.
    """
    for rule in org.schema.duplicate_rules:
        if rule.object != sobject.name or (allow_save and not rule.blocks):
            continue
        found = [each for each in _duplicates(org, rule, row) if each != row.get("Id")]
        if found:
            details = {"duplicateResult": _duplicate_result(rule, found)}
            raise RecordError("DUPLICATES_DETECTED", rule.message, details=details)


def _duplicates(org: Org, rule: DuplicateRule, row: Row) -> list[str]:
    if any(row.get(name) in {None, ""} for name in rule.fields):
        return []
    same = " AND ".join(f"{quoted(name)} = ? COLLATE NOCASE" for name in rule.fields)
    searched = org.schema.object(rule.match_object)
    if searched and searched.soft_deletes:
        same += " AND IsDeleted = 0"
    rows = org.store.connection.execute(
        f"SELECT Id FROM {quoted(rule.match_object)} WHERE {same} ORDER BY Id",  # noqa: S608
        [row[name] for name in rule.fields],
    )
    return [record_id for (record_id,) in rows]


def _duplicate_result(rule: DuplicateRule, found: list[str]) -> Row:
    return {
        "allowSave": not rule.blocks,
        "duplicateRule": rule.name,
        "duplicateRuleEntityType": rule.object,
        "errorMessage": rule.message,
        "matchResults": [
            {
                "entityType": rule.match_object,
                "errors": [],
                "matchEngine": "ExactMatchEngine",
                "matchRecords": [
                    {
                        "additionalInformation": [],
                        "fieldDiffs": [],
                        "matchConfidence": 100.0,
                        "record": {"attributes": {"type": rule.match_object}, "Id": record_id},
                    }
                    for record_id in found
                ],
                "rule": f"{rule.name}_Matching",
                "size": len(found),
                "success": True,
            }
        ],
    }


def assigned_owner(org: Org, sobject: SObject) -> str | None:
    """The id of the user or queue that an assignment rule gives an object's records to, if there is one."""
    rule = next((each for each in org.schema.assignment_rules if each.object == sobject.name), None)
    if rule is None:
        return None
    owners = org.store.find("User", "Username", rule.owner) + [
        each for each in org.store.find("Group", "Name", rule.owner) if each["Type"] == "Queue"
    ]
    return str(owners[0]["Id"]) if owners else None
