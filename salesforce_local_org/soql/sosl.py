"""SOSL: FIND over the text of records. Salesforce searches an index; here the tables are read through."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from salesforce_local_org.soql.children import child_json
from salesforce_local_org.soql.clauses import Clauses
from salesforce_local_org.soql.errors import SoqlError
from salesforce_local_org.soql.records import compile_records
from salesforce_local_org.soql.run import QueryResult
from salesforce_local_org.soql.scope import Context
from salesforce_local_org.soql.tree import Path, Query, Search, Selected, SourceName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from salesforce_local_org.org import Org
    from salesforce_local_org.schema import Field, SObject

MOST_RECORDS = 2_000
SHORTEST_TERM = 2
_TEXT_TYPES = frozenset({"string", "email", "phone", "url", "textarea", "combobox", "picklist"})
_GROUPS: dict[str, Callable[[Field], bool]] = {
    "ALL": lambda field: field.type in _TEXT_TYPES,
    "NAME": lambda field: field.name_field or field.compound_field_name == "Name",
    "EMAIL": lambda field: field.type == "email",
    "PHONE": lambda field: field.type == "phone",
    "SIDEBAR": lambda field: field.type in {"string", "email", "phone"},
}
_WORD = re.compile(r"\w+")


def run_search(org: Org, text: str, search: Search, version: str) -> Iterator[str]:
    """Run a search. Whoever reads the records holds ``org.store.lock``.

    Args:
        org: The org.
        text: The statement as it came, for errors.
        search: Its tree.
        version: The API version that URLs in the records name.

    Returns:
        The records found, each as JSON text, object by object.

    Raises:
        SoqlError: MALFORMED_SEARCH for a term without two letters or digits, else as for a query.
    """
    if sum(map(len, _WORD.findall(search.term))) < SHORTEST_TERM:
        raise SoqlError("MALFORMED_SEARCH", "search term must be longer than one character: " + search.term)
    if search.fields not in _GROUPS:
        raise SoqlError("MALFORMED_SEARCH", f"unexpected token: '{search.fields}'")
    found = _records(org, text, search, version)
    limit = search.limit.text if search.limit else str(MOST_RECORDS)
    if not limit.isdigit():
        raise SoqlError("MALFORMED_SEARCH", f"unexpected token: '{limit}'")
    return islice(found, min(int(limit), MOST_RECORDS))


def _records(org: Org, text: str, search: Search, version: str) -> Iterator[str]:
    targets = search.targets or tuple(_everywhere(org))
    for query in targets:
        context = Context(text, org.schema, org.clock.now(), org.user_id, all_rows=False)
        clauses = Clauses.of_query(context, query)
        sobject = clauses.root.sobject
        if not sobject.searchable:
            raise SoqlError("INVALID_TYPE", f"entity type {sobject.name} does not support search")
        condition = _condition(context, sobject, clauses.root.alias, search)
        statement, _ = compile_records(clauses, query, child_json, condition)
        for rows in QueryResult(org, statement, version).json_rows():
            yield from rows


def _everywhere(org: Org) -> Iterator[Query]:
    """A query for the ids of every object that can be searched."""
    for sobject in org.schema:
        if sobject.searchable and sobject.queryable:
            yield Query((Selected(Path(("Id",), 0, 0)),), (SourceName(Path((sobject.name,), 0, 0), None),))


def _condition(context: Context, sobject: SObject, alias: str, search: Search) -> str:
    belongs = _GROUPS[search.fields]
    columns = [f'{alias}."{field.name}"' for field in sobject.stored_fields() if belongs(field)]
    if not columns:
        return "0"
    texts = " || char(10) || ".join(f"ifnull({column}, '')" for column in columns)
    return f"soql_search({context.bind(search.term)}, {texts})"
