"""A loader that is also the judge: it upserts what a tap says, and holds its tables against the org."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from random import Random

    from local_org_client import OrgClient

DELETED_AT = "_sdc_deleted_at"

Row = dict[str, Any]


class BrokenPromiseError(AssertionError):
    """The tap broke a promise."""


class Loader:
    """Tables by stream and id, and the state to go on with.

    A loader's tables follow every whole line it was given, and its state the last STATE. One that dies with
    the pipe has flushed what came before the STATE that it gave back, and of the rest of each stream as much
    as chance would have it. Nothing of a stream, though, that its STATE does not know: of such rows no tap
    could ever learn that they were removed for good before it first read the stream to its end.
    """

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, Row]] = defaultdict(dict)
        self.schemas: dict[str, dict[str, Any]] = {}
        self.state: dict[str, Any] | None = None
        self._versions: dict[str, dict[str, int | None]] = defaultdict(dict)

    def load(self, lines: list[bytes], *, dies: Random | None = None) -> list[dict[str, Any]]:
        """Take in the whole lines of a run.

        Args:
            lines: Without their line ends.
            dies: The loader died with the pipe, and this tells how much of the lines it has kept.

        Returns:
            The messages that came.

        Raises:
            BrokenPromiseError: A line is no Singer message, or a RECORD does not fit its stream's SCHEMA.
        """
        messages = [_message(line) for line in lines]
        kept = messages if dies is None else _flushed(messages, dies)
        self.schemas = {}
        for message in messages:
            if message["type"] == "SCHEMA":
                self.schemas[message["stream"]] = message
            elif message["type"] == "RECORD":
                self._check(message)
        for message in kept:
            self._take(message)
        return messages

    def _check(self, message: dict[str, Any]) -> None:
        schema = self.schemas.get(message["stream"])
        if schema is None:
            raise BrokenPromiseError(f"{message['stream']}: a RECORD before its SCHEMA")
        unknown = message["record"].keys() - schema["schema"]["properties"].keys()
        if unknown:
            raise BrokenPromiseError(
                f"{message['stream']}: a RECORD with columns of no SCHEMA: {sorted(unknown)}"
            )

    def _take(self, message: dict[str, Any]) -> None:
        kind, stream = message["type"], message.get("stream", "")
        if kind == "STATE":
            self.state = message["value"]
        elif kind == "RECORD":
            (key,) = self.schemas[stream]["key_properties"]
            row = message["record"]
            self.tables[stream].setdefault(row[key], {}).update(row)
            self._versions[stream][row[key]] = message.get("version")
        elif kind == "ACTIVATE_VERSION":
            versions = self._versions[stream]
            for each in [each for each, version in versions.items() if version != message["version"]]:
                del versions[each], self.tables[stream][each]


def _message(line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except ValueError:
        raise BrokenPromiseError(f"not a Singer message: {line[:200]!r}") from None
    if not isinstance(message, dict) or "type" not in message:
        raise BrokenPromiseError(f"not a Singer message: {line[:200]!r}")
    return message


def _flushed(messages: list[dict[str, Any]], rng: Random) -> list[dict[str, Any]]:
    states = [index for index, message in enumerate(messages) if message["type"] == "STATE"]
    end = 0 if not states else 1 + (states[-1] if rng.random() < 0.7 else rng.choice(states))
    left = Counter(message["stream"] for message in messages[end:] if message["type"] == "RECORD")
    known = messages[end - 1]["value"].get("bookmarks", {}) if end else {}
    left = Counter({stream: rng.randint(0, rows) for stream, rows in left.items() if stream in known})
    kept = messages[:end]
    for message in messages[end:]:
        if message["type"] == "RECORD" and left[message["stream"]]:
            left[message["stream"]] -= 1
            kept.append(message)
    return kept


def differences(
    org: OrgClient,
    sobject: str,
    table: Mapping[str, Row],
    schema: Mapping[str, Any],
    deselected: Collection[str] = (),
) -> Iterable[str]:
    """Where a loaded table differs from what the org holds, deleted rows included: a line each."""
    described = org.rest("GET", f"sobjects/{sobject}/describe").json()["fields"]
    fields = {_norm(each["name"]): each["name"] for each in described if each["type"] != "base64"}
    columns = {name: fields[_norm(name)] for name in schema["properties"] if _norm(name) in fields}
    if missing := sorted(fields.keys() - {_norm(name) for name in (*schema["properties"], *deselected)}):
        yield f"{sobject}: the SCHEMA lacks {missing}"
    flag = next((name for name in schema["properties"] if _norm(name) == "isdeleted"), "")
    query = f"SELECT {', '.join(columns.values())} FROM {sobject}"
    rows = {row["Id"]: row for row in org.query(query, all_rows=True)}
    if missed := sorted(rows.keys() - table.keys()):
        yield f"{sobject}: {len(missed)} rows of the org are missing, such as {rows[missed[0]]}"
    for each, loaded in table.items():
        row, deleted_at = rows.get(each), loaded.get(DELETED_AT)
        if row is None:
            if loaded.get(flag) is not True or not deleted_at:
                yield f"{sobject} {each}: removed for good, but loaded as {loaded.get(flag)}, {deleted_at}"
            continue
        for column, name in columns.items():
            if column not in loaded:
                yield f"{sobject} {each}: {column} was never loaded"
            elif _canonical(loaded[column]) != _canonical(row[name]):
                yield f"{sobject} {each}: {column} is {loaded[column]!r}, in the org {row[name]!r}"
        if bool(deleted_at) is not bool(row.get("IsDeleted")):
            yield f"{sobject} {each}: {DELETED_AT} is {deleted_at}, IsDeleted {row.get('IsDeleted')}"


def _norm(name: str) -> str:
    return name.replace("_", "").lower()


def _canonical(value: Any) -> Any:
    """One spelling of what REST and Singer write differently."""
    if isinstance(value, dict):
        return {_norm(name): part for name, part in value.items() if part is not None}
    if isinstance(value, str) and value.endswith(".000+0000"):
        return value.replace("+0000", "Z")
    return value
