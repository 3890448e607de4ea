"""Which of the events that share a write is at fault when Salesforce refuses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from salesforce_seg.errors import RecordRejected
    from target_salesforce_seg.intents import Intent
    from target_salesforce_seg.writes import Write


_BETWEEN_FIELDS = "FIELD_INTEGRITY_EXCEPTION"
"""The code of fields that do not go together, such as a state and its country: any may be at fault."""


def blame(write: Write, error: RecordRejected) -> tuple[list[Intent], list[list[Intent]]]:
    """Say which events of a refused write are at fault.

    Salesforce names the fields it minds: whoever gave such a field its last value is at fault, and whoever
    gave it the same value; if no event did, all are. If it names no field, or fields that do not go together,
    both halves are tried again.

    Returns:
        The intents to reject, and parts of the others to try again one after the other.
    """
    intents = write.intents
    if len(intents) == 1:
        return intents, []
    blamed = set() if error.code == _BETWEEN_FIELDS else {name.lower() for name in error.fields}
    if not blamed:
        middle = len(intents) // 2
        return [], [intents[:middle], intents[middle:]]
    said = [
        {
            name: value
            for name, value in intent.fields_for(write.sobject.name).items()
            if name.lower() in blamed
        }
        for intent in intents
    ]
    last = next((values for values in reversed(said) if values), None)
    if last is None:
        return intents, []
    at_fault = [intent for intent, values in zip(intents, said, strict=True) if values == last]
    others = [intent for intent in intents if intent not in at_fault]
    return at_fault, [others] if others else []
