"""Values the org works out itself when a record is written: names, closed flags, totals.

Each object has one rule (from the fields' descriptions in the Object Reference): the fields it looks at, and
a function from the record as it will be to the derived values. A derived value that the writer gave itself is
kept. Formulas are not here: they are worked out on reading (``formula``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salesforce_local_org.derived import activities, others, people, sales, service

if TYPE_CHECKING:
    from collections.abc import Mapping

    from salesforce_local_org.derived.rule import Row
    from salesforce_local_org.store import Store

_RULES = people.RULES | sales.RULES | service.RULES | activities.RULES | others.RULES


def on_insert(store: Store, name: str, row: Row, given: Mapping[str, Any]) -> None:
    """Fill a new record's derived values in, except those the writer gave."""
    rule = _RULES.get(name)
    for field, value in rule.values(store, row, given).items() if rule else ():
        if given.get(field) is None and field in row:
            row[field] = value


def depends_on(name: str, changes: Mapping[str, Any]) -> bool:
    """Whether these changes to a record of the object move derived values."""
    rule = _RULES.get(name)
    return rule is not None and not rule.sources.isdisjoint(changes)


def after_update(store: Store, name: str, before: Row, changes: Row) -> Row:
    """The changes with the derived values that follow from them."""
    rule = _RULES[name]
    unmoved = {field for field in rule.only_when_changed if changes.get(field) == before.get(field)}
    given = {field: value for field, value in changes.items() if field not in unmoved}
    derived = rule.values(store, before | changes, given)
    return {field: value for field, value in derived.items() if field in before} | changes
