"""Compares a loaded table with what the org holds: a count, and a checksum for each column."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from datetime import datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tap_salesforce_seg.naming import snake_case, unique_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local_org_client import OrgClient

FIELDS_A_QUERY = 100


class OrgTable:
    """All rows of an object, deleted ones too, as the org's own REST API shows them."""

    def __init__(self, org: OrgClient, sobject: str) -> None:
        described = org.rest("GET", f"sobjects/{sobject}/describe").json()["fields"]
        self.types = {each["name"]: each["type"] for each in described if each["type"] != "base64"}
        names, _ = unique_names((each["name"] for each in described), "segment")
        self.columns = {name: names[name] for name in self.types}
        self.rows: dict[str, dict[str, Any]] = defaultdict(dict)
        fields = list(self.types)
        for start in range(0, len(fields), FIELDS_A_QUERY):
            chosen = dict.fromkeys(["Id", *fields[start : start + FIELDS_A_QUERY]])
            for row in org.query(f"SELECT {', '.join(chosen)} FROM {sobject}", all_rows=True):
                self.rows[row["Id"]] |= row

    def checksums(self) -> dict[str, str]:
        """A checksum by column."""
        rows = self.rows.values()
        return {
            column: checksum((row["Id"], canonical(row[name], self.types[name])) for row in rows)
            for name, column in self.columns.items()
        }

    def checksums_of(self, loaded: list[dict[str, Any]]) -> dict[str, str]:
        """The same over the rows of a loaded table."""
        return {
            column: checksum((row["id"], canonical(row[column], self.types[name])) for row in loaded)
            for name, column in self.columns.items()
        }


def checksum(pairs: Iterable[tuple[str, Any]]) -> str:
    """A digest of ids and values, whatever their order."""
    text = "\n".join(sorted(json.dumps(pair, sort_keys=True, ensure_ascii=False) for pair in pairs))
    return hashlib.sha256(text.encode()).hexdigest()


def canonical(value: Any, type_name: str) -> Any:
    """One spelling for a value, whatever REST or a loader made of it."""
    spell = SPELLINGS.get(type_name)
    return value if value is None or spell is None else spell(value)


def number(value: Any) -> str:
    """A number without needless zeros, to the 15 digits that survive a double."""
    return f"{Decimal(f'{Decimal(str(value)):.15g}').normalize():f}"


def moment(value: Any) -> str:
    """A date-time to the second, in UTC."""
    text = str(value).replace("Z", "+00:00").replace("+0000", "+00:00")
    parsed = datetime.fromisoformat(text)
    return parsed.replace(tzinfo=parsed.tzinfo or timezone.utc).astimezone(timezone.utc).isoformat()[:19]


def compound(value: Any) -> dict[str, Any]:
    """An address or location without its nulls; some loaders keep it as text."""
    parts = json.loads(value) if isinstance(value, str) else value
    given = {snake_case(name): part for name, part in parts.items() if part is not None}
    return {name: part if isinstance(part, str) else number(part) for name, part in given.items()}


def text(value: Any) -> str:
    """What anyType holds is loaded as text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


SPELLINGS = {
    **dict.fromkeys(["int", "long", "double", "currency", "percent"], number),
    "datetime": moment,
    "date": lambda value: str(value)[:10],
    "address": compound,
    "location": compound,
    "anyType": text,
}
