"""How a value looks on the wire: SQL that gives a column as JSON text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from salesforce_local_org.schema import Field
    from salesforce_local_org.soql.scope import Source

NUMBER_TYPES = frozenset({"int", "long", "double", "currency", "percent"})
REAL_TYPES = frozenset({"double", "currency", "percent"})
ID_TYPES = frozenset({"id", "reference"})
_FORMAT_ARGUMENTS = 100
"""SQLite functions take at most 127 arguments."""

_ADDRESS_KEYS = {
    "city": "City",
    "country": "Country",
    "countryCode": "CountryCode",
    "geocodeAccuracy": "GeocodeAccuracy",
    "latitude": "Latitude",
    "longitude": "Longitude",
    "postalCode": "PostalCode",
    "state": "State",
    "stateCode": "StateCode",
    "street": "Street",
}
_LOCATION_KEYS = {"latitude": "__latitude__s", "longitude": "__longitude__s"}


@dataclass(slots=True)
class Column:
    """One value of a result row.

    Attributes:
        path: Its name, and the relationships before it, in canonical case.
        type: Its Salesforce type.
        sql: The stored value in SQL (for a compound: JSON text).
        field: The field it comes from; None for a calculated value.
        source: The record it comes from; None for a calculated value.
    """

    path: tuple[str, ...]
    type: str
    sql: str
    field: Field | None = None
    source: Source | None = None

    @property
    def name(self) -> str:
        """Its key in its record."""
        return self.path[-1]


def json_of(column: Column, *, nested: bool = False) -> str:
    """SQL that gives a column's value as JSON; ``null`` for NULL.

    Args:
        column: The column.
        nested: The JSON becomes part of a longer text inside SQL. SQLite writes numbers with 15 digits there,
            so they go through Python; on their own they leave SQLite as numbers and Python writes them.
    """
    if column.type in {"address", "location"}:
        return column.sql
    if column.type == "base64" and column.source:
        source = column.source
        body = f"'\"' || :sobjects || '{source.entity}/' || {source.id_sql} || '/{column.name}\"'"
        return f"CASE WHEN {column.sql} IS NULL THEN 'null' ELSE {body} END"
    if nested and column.type in REAL_TYPES:
        return f"ifnull(soql_number({column.sql}), 'null')"
    return _JSON.get(column.type, "json_quote({0})").format(column.sql)


_JSON = {
    "id": "ifnull('\"' || {0} || '\"', 'null')",
    "reference": "ifnull('\"' || {0} || '\"', 'null')",
    "date": "ifnull('\"' || {0} || '\"', 'null')",
    "time": "ifnull('\"' || {0} || '\"', 'null')",
    "datetime": "ifnull('\"' || substr({0}, 1, 23) || '+0000\"', 'null')",
    "boolean": "CASE WHEN {0} THEN 'true' ELSE 'false' END",
    "json": "ifnull({0}, 'null')",
} | dict.fromkeys(NUMBER_TYPES, "ifnull({0}, 'null')")


def object_of(pieces: list[tuple[str, str]]) -> str:
    """SQL that puts a JSON object together.

    Args:
        pieces: Literal JSON text, and the SQL of the JSON value that follows it (``''`` at the end).
    """
    chunks = []
    for start in range(0, len(pieces), _FORMAT_ARGUMENTS):
        chunk = pieces[start : start + _FORMAT_ARGUMENTS]
        pattern = "".join(_escaped(text) + ("%s" if sql else "") for text, sql in chunk)
        chunks.append(f"printf({', '.join([_quoted(pattern), *(sql for _, sql in chunk if sql)])})")
    return " || ".join(chunks)


def _escaped(text: str) -> str:
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def compound_sql(field: Field, source: Source, with_codes: bool) -> str:
    """SQL for an address or a geolocation as JSON, put together from its parts; ``null`` if all are null."""
    parts = (
        _address_parts(field, source, with_codes)
        if field.type == "address"
        else _location_parts(field, source)
    )
    there = {key: part for key, part in parts.items() if part}
    if not there:
        return "'null'"
    pieces = []
    for number, (key, part) in enumerate(parts.items()):
        sql = json_of(Column((key,), part.type, source.column(part)), nested=True) if part else "'null'"
        pieces.append((f'{"," if number else "{"}"{key}":', sql))
    columns = [source.column(part) for part in there.values() if part]
    empty = " AND ".join(f"{column} IS NULL" for column in columns)
    return f"CASE WHEN {empty} THEN 'null' ELSE {object_of([*pieces, ('}', '')])} END"


def _address_parts(field: Field, source: Source, with_codes: bool) -> dict[str, Field | None]:
    prefix = field.name.removesuffix("Address")
    keys = (
        _ADDRESS_KEYS
        if with_codes
        else {k: v for k, v in _ADDRESS_KEYS.items() if not k.endswith("Code") or k == "postalCode"}
    )
    return {key: source.sobject.field(prefix + suffix) for key, suffix in keys.items()}


def _location_parts(field: Field, source: Source) -> dict[str, Field | None]:
    stem = field.name.removesuffix("__c")
    return {key: source.sobject.field(stem + suffix) for key, suffix in _LOCATION_KEYS.items()}
