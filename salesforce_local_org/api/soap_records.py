"""SOAP operations: what REST cannot do to records (merge, convert, undelete), and the small ones."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from salesforce_local_org import ids, lead_conversion, merging, writes
from salesforce_local_org.api.login import user_facts
from salesforce_local_org.api.soap import SoapFaultError, child_text, local_name, text_element
from salesforce_local_org.rules import draft
from salesforce_local_org.rules.errors import RecordError, without_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from xml.etree.ElementTree import Element

    from salesforce_local_org.api.http import Request
    from salesforce_local_org.org import Org
    from salesforce_local_org.rules.draft import Draft
    from salesforce_local_org.schema import SObject

_MOST_RECORDS = 200
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_NOT_FIELDS = {"type", "fieldsToNull"}


def create(request: Request, operation: Element) -> str:
    """``create``: new records."""
    return _each_record(request, operation, writes.create)


def update(request: Request, operation: Element) -> str:
    """``update``: changes of records, by their Id."""

    def change(org: Org, record: Draft, options: writes.Options) -> str:
        return writes.update(org, record, record.id or "", options)

    return _each_record(request, operation, change)


def delete(request: Request, operation: Element) -> str:
    """``delete``: records into the recycle bin."""

    def remove(record_id: str) -> str:
        return writes.delete(request.org, _object_of(request, record_id), record_id)

    return _each_id(request, operation, remove)


def undelete(request: Request, operation: Element) -> str:
    """``undelete``: records back from the recycle bin. REST has nothing like it."""
    return _each_id(request, operation, lambda record_id: writes.undelete(request.org, record_id))


def empty_recycle_bin(request: Request, operation: Element) -> str:
    """``emptyRecycleBin``: records in the bin are gone for good."""

    def empty(record_id: str) -> str:
        sobject, org = _object_of(request, record_id), request.org
        row = org.store.get(sobject, ids.normalise(record_id) or "", include_deleted=True)
        if row is None or not row.get("IsDeleted"):
            raise RecordError("DELETE_FAILED", "the record is not in the recycle bin")
        org.store.erase(sobject, row["Id"])
        return str(row["Id"])

    return _each_id(request, operation, empty)


def merge(request: Request, operation: Element) -> str:
    """``merge``: one or two records into a master record."""
    options = writes.Options.of(request)
    results = []
    for wanted in _children(operation, "request"):
        losers = [each.text or "" for each in _children(wanted, "recordToMergeIds")]
        try:
            with request.org.store.transaction():
                done = merging.merge(request.org, _master(request, wanted), losers, options)
        except RecordError as error:
            results.append(_failure(error))
            continue
        merged = "".join(text_element("mergedRecordIds", each) for each in done.merged_ids)
        related = "".join(text_element("updatedRelatedIds", each) for each in done.updated_related_ids)
        master_id = text_element("id", done.master_id)
        results.append(f"{master_id}{merged}<success>true</success>{related}")
    return _results(results)


def _master(request: Request, wanted: Element) -> Draft:
    for element in _children(wanted, "masterRecord"):
        return _draft(request, element)
    raise RecordError("REQUIRED_FIELD_MISSING", "masterRecord is missing", ["masterRecord"])


def convert_lead(request: Request, operation: Element) -> str:
    """``convertLead``: leads into accounts, contacts and opportunities."""
    options = writes.Options.of(request)
    results = []
    for wanted in _children(operation, "leadConverts"):
        conversion = lead_conversion.Conversion(
            lead_id=child_text(wanted, "leadId").strip(),
            converted_status=child_text(wanted, "convertedStatus").strip(),
            account_id=child_text(wanted, "accountId").strip() or None,
            contact_id=child_text(wanted, "contactId").strip() or None,
            owner_id=child_text(wanted, "ownerId").strip() or None,
            opportunity_name=child_text(wanted, "opportunityName").strip() or None,
            creates_opportunity=not _is_true(wanted, "doNotCreateOpportunity"),
            overwrites_lead_source=_is_true(wanted, "overwriteLeadSource"),
        )
        try:
            with request.org.store.transaction():
                done = lead_conversion.convert(request.org, conversion, options)
        except RecordError as error:
            done = lead_conversion.Converted(conversion.lead_id)
            failure = _error(error)
        else:
            failure = ""
        results.append(
            f"{text_element('accountId', done.account_id)}{text_element('contactId', done.contact_id)}"
            f"{failure}"
            f"{text_element('leadId', done.lead_id)}{text_element('opportunityId', done.opportunity_id)}"
            f"<success>{'false' if failure else 'true'}</success>"
        )
    return _results(results)


def get_server_timestamp(request: Request, operation: Element) -> str:
    """``getServerTimestamp``: the org's clock."""
    del operation
    return f"<result><timestamp>{request.org.clock.stamp()}</timestamp></result>"


def get_user_info(request: Request, operation: Element) -> str:
    """``getUserInfo``: who is logged in."""
    del operation
    assert request.session is not None
    user = request.org.store.get("User", request.session.user_id) or {"Id": request.session.user_id}
    facts = (text_element(name, text) for name, text in user_facts(request.org, user).items())
    return f"<result>{''.join(facts)}</result>"


def logout(request: Request, operation: Element) -> str:
    """``logout``: the end of the session."""
    del operation
    assert request.session is not None
    request.org.sessions.close(request.session.token)
    return ""


def _each_record(
    request: Request, operation: Element, write: Callable[[Org, Draft, writes.Options], str]
) -> str:
    options = writes.Options.of(request)
    elements = _children(operation, "sObjects")
    _check_number(elements)

    def write_one(element: Element) -> str:
        return write(request.org, _draft(request, element), options)

    return _results(_outcome(request, partial(write_one, element)) for element in elements)


def _each_id(request: Request, operation: Element, write: Callable[[str], str]) -> str:
    wanted = [(each.text or "").strip() for each in _children(operation, "ids")]
    _check_number(wanted)
    return _results(_outcome(request, partial(write, record_id)) for record_id in wanted)


def _outcome(request: Request, write: Callable[[], str]) -> str:
    try:
        with request.org.store.transaction():
            record_id = write()
    except RecordError as error:
        return _failure(error)
    return f"{text_element('id', record_id)}<success>true</success>"


def _failure(error: RecordError) -> str:
    return f"{_error(error)}{text_element('id', None)}<success>false</success>"


def _error(error: RecordError) -> str:
    error = without_json(error)
    parts = [text_element("fields", each) for each in error.fields]
    parts += [text_element("message", error.message), text_element("statusCode", error.code)]
    return f"<errors>{''.join(parts)}</errors>"


def _results(results: Iterable[str]) -> str:
    return "".join(f"<result>{each}</result>" for each in results)


def _check_number(wanted: list[Any]) -> None:
    if len(wanted) > _MOST_RECORDS:
        text = f"record limit reached. cannot submit more than {_MOST_RECORDS} records into this call"
        raise SoapFaultError("EXCEEDED_ID_LIMIT", text)


def _draft(request: Request, element: Element) -> Draft:
    """A record as SOAP writes it: its type and its fields as elements; ``fieldsToNull`` names empty ones."""
    name = child_text(element, "type").strip() or _xsi_type(element)
    sobject = request.org.schema.object(name)
    if sobject is None:
        raise SoapFaultError(
            "INVALID_TYPE", f"sObject type '{name}' is not supported.", "InvalidSObjectFault"
        )
    values: dict[str, Any] = {each.text or "": None for each in _children(element, "fieldsToNull")}
    for each in element:
        if local_name(each) not in _NOT_FIELDS:
            is_nil = each.get(_NIL) in {"true", "1"}
            values[local_name(each)] = None if is_nil else each.text
    return draft.read(sobject, values)


def _xsi_type(element: Element) -> str:
    given = element.get("{http://www.w3.org/2001/XMLSchema-instance}type", "")
    return given.rpartition(":")[2]


def _object_of(request: Request, record_id: str) -> SObject:
    sobject = request.org.schema.by_prefix(record_id)
    if sobject is None:
        raise RecordError("MALFORMED_ID", f"bad id {record_id}")
    return sobject


def _children(element: Element, name: str) -> list[Element]:
    return [child for child in element if local_name(child) == name]


def _is_true(element: Element, name: str) -> bool:
    return child_text(element, name).strip().lower() in {"true", "1"}
