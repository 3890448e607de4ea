"""Lookups that may lead to records of several objects: they tell the names of these records.

Source: SOQL and SOSL Reference, "Understanding Polymorphic Keys and Relationships".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from salesforce_seg.describe import SObjectDescribe

NAME = "Name"

LEADING_OBJECTS = (
    "CampaignMember",
    "CampaignShare",
    "Case",
    "Dashboard",
    "Document",
    "Event",
    "Group",
    "Lead",
    "Note",
    "Task",
)
"""The objects of documented collections with lookups that may lead to several objects."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """A field that may lead to records of several objects.

    Attributes:
        field: Its API name: ``WhoId``.
        relationship: What the record at its end is called in a query: ``Who``.
    """

    field: str
    relationship: str

    def path(self, name: str) -> str:
        """A field of the record at its end, as SOQL and Bulk API 2.0 results name it."""
        return f"{self.relationship}.{name}"


def lookups(sobject: SObjectDescribe) -> tuple[Lookup, ...]:
    """The lookups of an object that lead to names, in the order of their names."""
    found = [
        Lookup(each.name, each.relationship_name)
        for each in sobject.fields
        if (each.name_pointing or len(each.reference_to) > 1)
        and each.relationship_name
        and not each.deprecated_and_hidden
    ]
    return tuple(sorted(found, key=lambda each: each.field))
