"""Countries and states where the org has picklists for them (Help, "State and Country/Territory Picklists").

``Country`` and ``State`` take the full label there, ``CountryCode`` and ``StateCode`` the code. Events have
either in either place, so each is written by its code. A state is looked for within its country only: there
is more than one Florida.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from salesforce_seg.errors import RecordRejected

if TYPE_CHECKING:
    from salesforce_seg.describe import FieldDescribe, PicklistValue, SObjectDescribe

_PREFIXES = ("", "Billing", "Shipping", "Mailing", "Other", "PersonMailing", "PersonOther")
_COMMON_NAMES = {
    "usa": "US",
    "u.s.": "US",
    "u.s.a.": "US",
    "united states of america": "US",
    "uk": "GB",
    "u.k.": "GB",
    "great britain": "GB",
    "deutschland": "DE",
    "österreich": "AT",
    "schweiz": "CH",
    "españa": "ES",
    "italia": "IT",
    "nederland": "NL",
    "the netherlands": "NL",
    "brasil": "BR",
    "méxico": "MX",
}
"""Names of countries that are in use beside ISO's, and their codes."""


@lru_cache(maxsize=4096)
def other_field_of_place(name: str) -> str:
    """The other field of a place: ``BillingState`` of ``BillingStateCode``, and the reverse; else empty."""
    if name.endswith(("StateCode", "CountryCode")):
        return name.removesuffix("Code")
    return f"{name}Code" if name.endswith(("State", "Country")) else ""


@dataclass(frozen=True, slots=True)
class _Choices:
    """Entries of one code picklist, by label and by code, in lower case.

    Attributes:
        sure: whether a label means one entry: the states of a known country, or the countries.
    """

    codes: dict[str, PicklistValue]
    labels: dict[str, PicklistValue]
    sure: bool = True

    @classmethod
    def of(cls, entries: list[PicklistValue], *, sure: bool) -> _Choices:
        """The choices that some entries are."""
        by_code = {entry.value.lower(): entry for entry in entries}
        return cls(by_code, {entry.label.lower(): entry for entry in entries}, sure)

    def find(self, said: str) -> PicklistValue | None:
        """The entry that a label, a code or a common name means."""
        plain = " ".join(said.split()).lower()
        by_other_name = self.codes.get(_COMMON_NAMES.get(plain, "").lower())
        return self.labels.get(plain) or self.codes.get(plain) or by_other_name


class Places:
    """Puts the countries and states of an object's addresses where its picklists want them.

    Args:
        sobject: the object.
    """

    def __init__(self, sobject: SObjectDescribe) -> None:
        self._sobject = sobject
        self._states: dict[tuple[str, str], _Choices] = {}
        self._addresses = [
            (prefix, country, _Choices.of(list(country.picklist_values), sure=True), state)
            for prefix in _PREFIXES
            if (country := sobject.field(f"{prefix}CountryCode")) and country.picklist_values
            if (state := sobject.field(f"{prefix}StateCode"))
        ]

    def __bool__(self) -> bool:
        """Whether the object has such picklists."""
        return bool(self._addresses)

    def complete(self, record: dict[str, Any]) -> None:
        """Change the countries and states of a record in place.

        Raises:
            RecordRejected: ``FIELD_INTEGRITY_EXCEPTION``: the org does not know one of them.
        """
        for prefix, country, countries, state in self._addresses:
            chosen = self._settle(record, f"{prefix}Country", country.name, countries)
            self._settle(record, f"{prefix}State", state.name, self._states_of(state, country, chosen))

    def _settle(
        self, record: dict[str, Any], label_field: str, code_field: str, choices: _Choices
    ) -> PicklistValue | None:
        """Write a place by its code, whichever of its two fields the event has it for.

        Returns:
            The entry; None if the event has no such place, or if its label may mean several.
        """
        chosen = None
        for name in (code_field, label_field):
            said = record.get(name)
            found = choices.find(said) if isinstance(said, str) else None
            if said is not None and found is None and (choices.codes or choices.sure):
                raise RecordRejected(
                    f"{self._sobject.name}.{name}: the org's list has no such place"
                    + (
                        " in this country." if choices.sure and name.endswith(("State", "StateCode")) else "."
                    ),
                    code="FIELD_INTEGRITY_EXCEPTION",
                    fields=[name],
                )
            chosen = chosen or found
        if label_field in record and record[label_field] is None:
            record.setdefault(code_field, None)
        if chosen is None or not (
            choices.sure or record.get(code_field) or _is_code(record[label_field], chosen)
        ):
            return None
        record.pop(label_field, None)
        record[code_field] = chosen.value
        return chosen

    def _states_of(
        self, state: FieldDescribe, country: FieldDescribe, chosen: PicklistValue | None
    ) -> _Choices:
        """The states of a country, of all countries if it is not known; by describe's ``validFor`` bits."""
        name = (state.name, chosen.value if chosen else "")
        if name not in self._states:
            entries = list(state.picklist_values)
            if chosen is not None:
                place = country.picklist_values.index(chosen)
                entries = [each for each in entries if not each.valid_for or _has_bit(each.valid_for, place)]
            self._states[name] = _Choices.of(entries, sure=chosen is not None)
        return self._states[name]


def _is_code(said: str, entry: PicklistValue) -> bool:
    return said.strip().lower() == entry.value.lower()


def _has_bit(valid_for: str, place: int) -> bool:
    bits = base64.b64decode(valid_for)
    return place // 8 < len(bits) and bool(bits[place // 8] & (0x80 >> place % 8))
