"""The mappers of a run: one for each type of event and object, made when it is first needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_salesforce_seg.mapping.tables import CONTACT, LEAD, account_table
from target_salesforce_seg.mapping.traits import TraitMapper

if TYPE_CHECKING:
    from salesforce_seg.describe import SObjectDescribe
    from target_salesforce_seg.events import Event
    from target_salesforce_seg.mapping.values import ValueRules
    from target_salesforce_seg.settings import TargetSettings


class Mappers:
    """Makes mappers by the settings, and keeps them.

    Args:
        settings: ``trait_fields``, and where the address of a group goes.
        values: how values become what Salesforce takes.
    """

    def __init__(self, settings: TargetSettings, values: ValueRules) -> None:
        self._overrides = settings.trait_fields
        self._values = values
        account = account_table(
            billing=settings.send_address_as_billing, shipping=settings.send_address_as_shipping
        )
        self._tables = {"Lead": LEAD, "Contact": CONTACT, "Account": account}
        self._made: dict[tuple[str, str, bool], TraitMapper] = {}

    def of(self, event: Event, sobject: SObjectDescribe) -> TraitMapper:
        """What maps the traits of such events; made anew when the object's describe is.

        Args:
            event: any of its type.
            sobject: Lead, Contact or Account.
        """
        kind = (event.type, sobject.name, event.from_row)
        mapper = self._made.get(kind)
        if mapper is None or mapper.sobject is not sobject:
            table, overrides = self._tables[sobject.name], self._overrides.get(event.type, {})
            mapper = TraitMapper(table, overrides, self._values, sobject, lost_case=event.from_row)
            self._made[kind] = mapper
        return mapper
