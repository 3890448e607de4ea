"""State and country picklists: texts and codes of an address agree, and a state lies in its country.

Help, "State and Country/Territory Picklists": ``State`` and ``Country`` take the label, ``StateCode`` and
``CountryCode`` the ISO code; whichever is written, the other follows.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from salesforce_local_org import features
from salesforce_local_org.rules.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from salesforce_local_org.schema import SObject

Row = dict[str, Any]
_PROBLEM = "There's a problem with this {what}, even though it may appear correct. Please select a {choice}"


def complete(sobject: SObject, row: Row, before: Mapping[str, Any]) -> None:
    """Fill in the codes that go with texts and the texts that go with codes, in every address of a record.

    Args:
        sobject: The record's object.
        row: What is written; completed in place.
        before: The record as it is; empty for a new one.

    Raises:
        RecordError: FIELD_INTEGRITY_EXCEPTION: no such country, no such state in it, or a state without one.
    """
    for prefix in features.address_prefixes(sobject):
        names = [f"{prefix}{part}" for part in ("Country", "CountryCode", "State", "StateCode")]
        if sobject.field(names[1]) and any(name in row for name in names):
            _complete_country(sobject, prefix, row)
            _complete_state(sobject, prefix, row, before)


def _complete_country(sobject: SObject, prefix: str, row: Row) -> None:
    text, code = f"{prefix}Country", f"{prefix}CountryCode"
    if text not in row and code not in row:
        return
    known = _countries()
    found = row.get(code) or known.get(str(row.get(text) or "").lower())
    if row.get(text) and (found is None or known.get(str(row[text]).lower()) != found):
        raise _problem(sobject, text, "country", "country/territory from the list of valid countries.")
    row[code] = found
    row[text] = features.places()[found][0] if found else None


def _complete_state(sobject: SObject, prefix: str, row: Row, before: Mapping[str, Any]) -> None:
    text, code = f"{prefix}State", f"{prefix}StateCode"
    country = row.get(f"{prefix}CountryCode", before.get(f"{prefix}CountryCode"))
    if text not in row and code not in row:
        if f"{prefix}CountryCode" not in row or before.get(code) is None:
            return
        row[code] = before[code]
    if not (row.get(text) or row.get(code)):
        row[text] = row[code] = None
        return
    if country is None:
        label = _label(sobject, text)
        message = f"A country/territory must be specified before specifying a state value for field: {label}"
        raise RecordError("FIELD_INTEGRITY_EXCEPTION", message, [text])
    states = features.places()[country][1]
    by_name = {name.lower(): each for each, name in states.items()}
    found = row.get(code) or by_name.get(str(row[text]).lower())
    if found not in states or (row.get(text) and by_name.get(str(row[text]).lower()) != found):
        raise _problem(sobject, text, "state", "state from the list of valid states.")
    row[code], row[text] = found, states[found]


@functools.cache
def _countries() -> dict[str, str]:
    return {name.lower(): code for code, (name, _) in features.places().items()}


def _problem(sobject: SObject, field: str, what: str, choice: str) -> RecordError:
    message = f"{_PROBLEM.format(what=what, choice=choice)}: {_label(sobject, field)}"
    return RecordError("FIELD_INTEGRITY_EXCEPTION", message, [field])


def _label(sobject: SObject, name: str) -> str:
    field = sobject.field(name)
    return field.label if field else name
