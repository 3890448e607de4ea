"""The catalog and state files a user hands in: read, checked, and fitted to what the org has now."""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any

from singer_sdk.singerlib import Catalog, Schema
from singer_sdk.singerlib.catalog import Metadata

from salesforce_seg.errors import ConfigurationError

if TYPE_CHECKING:
    from singer_sdk.singerlib import CatalogEntry

    from tap_salesforce_seg.catalog import StreamDefinition


def read_json(file: IO[str] | None, what: str) -> Any:
    """The JSON value in a file.

    Args:
        file: An open text file, or None.
        what: What the file should be, for the message: ``catalog`` or ``state``.

    Raises:
        ConfigurationError: The file is not JSON.
    """
    if file is None:
        return None
    try:
        return json.load(getattr(file, "buffer", file))  # bytes may be UTF-16, as PowerShell writes it
    except ValueError as error:
        name = getattr(file, "name", what)
        raise ConfigurationError(f"The {what} file {name} is not JSON: {error}.") from None


def read_catalog(value: Any) -> Catalog | None:
    """A catalog from its JSON value.

    Raises:
        ConfigurationError: It is not a Singer catalog; the message says where it breaks.
    """
    if value is None or isinstance(value, Catalog):
        return value
    if not isinstance(value, dict) or not isinstance(value.get("streams"), list):
        raise ConfigurationError(
            'The catalog is broken: it needs a list under "streams", as --discover prints it.'
        )
    for number, stream in enumerate(value["streams"], start=1):
        fault = _fault(stream)
        if fault:
            raise ConfigurationError(f"The catalog is broken: stream number {number} {fault}.")
    return Catalog.from_dict(value)


def _fault(stream: Any) -> str:
    if not isinstance(stream, dict) or not isinstance(stream.get("tap_stream_id"), str):
        return 'has no "tap_stream_id"'
    if stream.get("stream", stream["tap_stream_id"]) != stream["tap_stream_id"]:
        return (
            f'({stream["tap_stream_id"]}) has another name under "stream"; to rename it, set stream_maps: '
            f'{{"{stream["tap_stream_id"]}": {{"__alias__": "new name"}}}}'
        )
    schema = stream.get("schema", {})
    properties = schema.get("properties", {}) if isinstance(schema, dict) else None
    if not isinstance(properties, dict) or not all(isinstance(each, dict) for each in properties.values()):
        return f'({stream["tap_stream_id"]}) has no "schema" with "properties"'
    entries = stream.get("metadata", [])
    if not isinstance(entries, list) or not all(_is_metadata(entry) for entry in entries):
        return f'({stream["tap_stream_id"]}) has "metadata" other than a list of breadcrumbs with metadata'
    return ""


def _is_metadata(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("breadcrumb"), list)
        and all(isinstance(each, str) for each in entry["breadcrumb"])
        and isinstance(entry.get("metadata"), dict)
    )


def selected_streams(catalog: Catalog) -> list[str]:
    """The names of the streams that a catalog selects."""
    return [name for name, entry in catalog.items() if entry.metadata.resolve_selection().get((), True)]


def fit_entry(entry: CatalogEntry, definition: StreamDefinition) -> str:
    """Fit a stream's entry to the org: what it does not have goes, what is automatic is there and selected.

    Args:
        entry: Changed in place.
        definition: What the org has.

    Returns:
        The selected columns that the org does not have, for the log; the empty string for none.
    """
    properties = entry.schema.properties = entry.schema.properties or {}
    unknown = sorted(properties.keys() - {column.name for column in definition.columns})
    selected = entry.metadata.resolve_selection()
    missed = [each for each in unknown if selected["properties", each]]
    for each in unknown:
        del properties[each]
        entry.metadata.pop(("properties", each), None)
    for column in definition.columns:
        if column.automatic:
            properties.setdefault(column.name, Schema.from_dict(column.schema))
            entry.metadata["properties", column.name] = Metadata(Metadata.InclusionType.AUTOMATIC)
    return ", ".join(missed)
