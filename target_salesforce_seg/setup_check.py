"""Whether a run would find what its settings name: asked of the org's describes, without writing anything."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from salesforce_seg.describe import SObjectDescribe
from salesforce_seg.describer import Describer
from target_salesforce_seg.actions import Action
from target_salesforce_seg.catalog import Catalog
from target_salesforce_seg.event_ids import EventIds
from target_salesforce_seg.mapping.parents import parent_reference
from target_salesforce_seg.mapping.tables import CONTACT, LEAD, TraitTable, account_table
from target_salesforce_seg.settings import EVERY_OBJECT
from target_salesforce_seg.setup_items import (
    NOTE,
    OK,
    WRONG,
    Finding,
    no_such_field,
    problem_of,
    rights,
    told_by,
    unfilled,
    verdict,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from salesforce_seg.errors import SalesforceError
    from salesforce_seg.session import Session
    from target_salesforce_seg.actions import StreamRule
    from target_salesforce_seg.settings import TargetSettings


class SetupCheck:
    """Looks at the org with the eyes of this user.

    Args:
        session: the connection.
        settings: the target's settings.
    """

    def __init__(self, session: Session, settings: TargetSettings) -> None:
        self._session = session
        self._settings = settings
        self._describer = Describer(session)
        self._catalog = Catalog(self._describer, settings)
        self._rules: list[Action | StreamRule] = [
            *settings.actions,
            *(rule for rule in settings.streams.values() if rule.object),
        ]

    def findings(self) -> Iterator[Finding]:
        """Look at everything, in one API call; another for parents that only field mappings name.

        Raises:
            SalesforceError: The login is refused, or the org cannot be asked.
        """
        self._session.login()
        defaults = self._defaults()
        named = [name for name in self._settings.event_id_field if name != EVERY_OBJECT]
        self._describer.describe([*defaults, *(rule.object for rule in self._rules), *named])
        yield Finding("login", OK, f"{self._session.instance_url}, API {self._session.settings.api_version}")
        yield from self._api_requests()
        yield Finding("gate", OK, self._gate())
        for name, (operations, table) in defaults.items():
            yield from self._default(name, operations, table)
        yield from self._lead_lookup()
        yield from self._trait_fields()
        for rule in self._rules:
            yield from self._rule(rule)
        yield from self._event_ids()

    # The connection

    def _api_requests(self) -> Iterator[Finding]:
        usage, limits = self._session.usage, self._session.settings
        if usage is None:
            return
        until = usage.allowed * limits.quota_percent_total // 100
        most = usage.allowed * limits.quota_percent_per_run // 100
        told = (
            f"{usage.used:,} used, {max(0, usage.allowed - usage.used):,} left; a run stops when {until:,} "
            f"are used, or after {most:,} of its own"
        )
        yield Finding("API requests of the last 24 hours", OK if usage.used < until else NOTE, told)

    def _gate(self) -> str:
        name, column = self._settings.integration_name, self._settings.gate_column
        if self._settings.always_enabled:
            return f"every event goes to Salesforce, but for those with integrations.{name}: false"
        rows = f"; warehouse rows with true in {column}" if column else ""
        return f"events with integrations.{name}: true (or an object there){rows}"

    # What identify and group events write to without being told

    def _defaults(self) -> dict[str, tuple[str, TraitTable]]:
        settings = self._settings
        replaced = {action.event for action in settings.actions if action.replaces_default}
        account = account_table(
            billing=settings.send_address_as_billing, shipping=settings.send_address_as_shipping
        )
        wanted = {
            "Lead": ("upsert", LEAD, "identify" not in replaced),
            "Contact": ("update", CONTACT, "identify" not in replaced and settings.writes_contacts),
            "Account": ("upsert", account, "group" not in replaced),
        }
        return {name: (operation, table) for name, (operation, table, is_used) in wanted.items() if is_used}

    def _default(self, name: str, operation: str, table: TraitTable) -> Iterator[Finding]:
        sobject = self._described(name)
        if not isinstance(sobject, SObjectDescribe):
            yield self._not_there(name, sobject)
            return
        yield rights(name, sobject, operation, NOTE)
        own = ("FirstName", "LastName") if table.is_person else ()
        names = (*own, *(("Company",) if table.takes_company else ()), *table.fields, *table.same_named)
        known = {each: sobject.field(each) for each in dict.fromkeys(names)}
        absent = [each for each, field in known.items() if field is None]
        fixed = [
            each for each, field in known.items() if field and not (field.createable or field.updateable)
        ]
        for item, missing in (("not there, or hidden from this user", absent), ("read-only", fixed)):
            if missing:
                yield Finding(f"{name}: standard fields", NOTE, f"{item}: {', '.join(missing)}")
        if name == "Account":
            yield self._key(sobject, "AccountNumber", "groupId -> Account.AccountNumber")

    def _not_there(self, name: str, error: SalesforceError) -> Finding:
        if name != "Contact":
            return Finding(name, NOTE, f"{error.message} Events for it would end the run.")
        if self._settings.match_contacts:
            return Finding(name, WRONG, f"match_contacts: {error.message}")
        return Finding(name, NOTE, f"{error.message} Events on converted Leads are rejected.")

    def _lead_lookup(self) -> Iterator[Finding]:
        lead = self._describer.describe(["Lead"])["Lead"] if "Lead" in self._defaults() else None
        if isinstance(lead, SObjectDescribe):
            for trait, name in self._settings.lead_lookup_fields.items():
                yield self._key(lead, name, f"lead_lookup_fields: {trait} -> Lead.{name}")
        contact = self._described("Contact") if self._settings.match_contacts else None
        if isinstance(contact, SObjectDescribe):
            for name in self._settings.lead_lookup_fields.values():
                if told := told_by(partial(self._catalog.key_field, contact, name, ""), ""):
                    yield Finding(
                        f"match_contacts: Contact.{name}", NOTE, f"no Contact is found by it: {told}"
                    )

    def _trait_fields(self) -> Iterator[Finding]:
        by_type = self._settings.trait_fields
        objects_of = {"identify": "Lead", "group": "Account"}
        wanted: dict[tuple[str, str], list[str]] = {}
        for event_type, fields in by_type.items():
            for trait, name in fields.items():
                if name is not None:
                    wanted.setdefault((trait, name), []).append(event_type)
        for (trait, name), types in wanted.items():
            objects = [self._described(objects_of[each]) for each in types if each in objects_of]
            known = [each for each in objects if isinstance(each, SObjectDescribe)]
            problems = [self._mapping_problem(sobject, name, "upsert") for sobject in known]
            item = f"trait_fields: {trait} -> {name}"
            if not objects:
                yield Finding(item, NOTE, "track events have no traits that are mapped: use actions")
            elif known:
                yield verdict(item, "" if "" in problems else " ".join(problems))

    # What the settings name

    def _rule(self, rule: Action | StreamRule) -> Iterator[Finding]:
        sobject = self._described(rule.object)
        item = f"{rule.setting}: {rule.operation} {rule.object}"
        if not isinstance(sobject, SObjectDescribe):
            yield Finding(item, WRONG, sobject.message)
            return
        yield rights(item, sobject, rule.operation, WRONG)
        for path, name in rule.upsert_rules.items():
            told = told_by(partial(self._catalog.rule_field, sobject, name, rule), rule.setting)
            yield verdict(f"{rule.setting}: {path} -> {sobject.name}.{name}", told)
        if not isinstance(rule, Action):
            return
        for path, name in rule.field_mappings.items():
            if path != rule.id_path:
                told = self._mapping_problem(sobject, name, rule.operation)
                yield verdict(f"{rule.setting}: {path} -> {sobject.name}.{name}", told)
        if rule.operation in {"create", "upsert"} and (missing := unfilled(sobject, rule)):
            told = f"a new one also needs {', '.join(missing)}: map them, or have the org fill them in"
            yield Finding(item, NOTE, told)

    def _mapping_problem(self, sobject: SObjectDescribe, name: str, operation: str) -> str:
        if "." not in name:
            return problem_of(sobject, name, operation)
        reference = parent_reference(sobject, name)
        if reference is None:
            return (
                f"{sobject.name} has no such relationship that can be written, or it leads to several "
                "objects: then name one (Lead:Who.Key__c)."
            )
        targets = (name.partition(":")[0],) if ":" in name else reference.field.reference_to
        parents = [self._described(target) for target in targets]
        problems = [
            no_such_field(parent, reference.key.name)
            for parent in parents
            if isinstance(parent, SObjectDescribe) and parent.field(reference.key.name) is None
        ]
        return " ".join(problems)

    def _event_ids(self) -> Iterator[Finding]:
        ids = EventIds(self._settings, self._catalog)
        creates = [action.object for action in self._settings.actions if action.operation == "create"]
        for name, field in self._settings.event_id_field.items():
            for of in dict.fromkeys(creates) if name == EVERY_OBJECT else (name,):
                sobject = self._described(of)
                item = f"event_id_field: {of}.{field}"
                if isinstance(sobject, SObjectDescribe):
                    told = told_by(partial(ids.field_of, sobject), "event_id_field")
                    if not told and sobject.field(field) is None:
                        yield Finding(item, NOTE, "there is no such field: creates of it are not kept apart")
                    else:
                        yield verdict(item, told)
                elif name != EVERY_OBJECT:
                    yield Finding(item, WRONG, sobject.message)

    # Parts

    def _described(self, name: str) -> SObjectDescribe | SalesforceError:
        return self._describer.describe([name])[name]

    def _key(self, sobject: SObjectDescribe, name: str, item: str) -> Finding:
        setting = item.partition(":")[0]
        problem = told_by(partial(self._catalog.key_field, sobject, name, setting), setting)
        field = sobject.field(name)
        if not problem and field and not field.createable:
            told = f"this user cannot write {field.name}: events that find no {sobject.name} are rejected"
            return Finding(item, NOTE, told)
        return verdict(item, problem)
