"""Reading an object out: a SOQL statement becomes CSV rows on disk, chunk by chunk.

No row passes through Python as values: SQLite writes the CSV line. The rows to read are fixed first, then
read in small steps, so that a big job holds up nobody who wants the database meanwhile.
"""

from __future__ import annotations

import json
import re
import sqlite3
from array import array
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from salesforce_local_org.csv_io import java_double
from salesforce_local_org.jobs import JobFailedError
from salesforce_local_org.soql import functions
from salesforce_local_org.soql.errors import QUERY_TOO_COMPLICATED
from salesforce_local_org.soql.parser import parse
from salesforce_local_org.soql.statement import RECORDS
from salesforce_local_org.soql.tree import Function, Selected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from salesforce_local_org.bulk.spool import Spool
    from salesforce_local_org.csv_io import Dialect
    from salesforce_local_org.soql.render import Column
    from salesforce_local_org.soql.statement import Statement
    from salesforce_local_org.soql.tree import Expression, Literal
    from salesforce_local_org.store import Store

_STEP_ROWS = 2_500
_FORMAT_ARGUMENTS = 100
"""SQLite functions take at most 127 arguments."""

_TOO_COMPLICATED = re.compile("too large|overflow|too many|at most")
"""What SQLite says of a statement that is beyond its limits."""

_NUL = "\uffff\ufdd0\uffff"
"""Stands for a NUL character on its way through SQLite's printf, which would stop at it."""
_NUL_BYTES = _NUL.encode()

_REAL = (
    "CASE WHEN {0} IS NULL THEN ''"
    " WHEN abs({0}) >= 1e-3 AND abs({0}) < 1e7 AND CAST(CAST({0} AS TEXT) AS REAL) = {0}"
    " THEN CAST({0} AS TEXT) ELSE csv_double({0}) END"
)
_FREE_TEXT = (
    "CASE WHEN {0} IS NULL THEN '' WHEN instr({0}, char(0)) THEN csv_text({0})"
    " ELSE replace({0}, '\"', '\"\"') END"
)
_CSV_VALUE = {
    **dict.fromkeys(("id", "reference", "date", "datetime", "time", "int", "long"), "{0}"),
    **dict.fromkeys(("double", "currency", "percent"), _REAL),
    "boolean": "CASE WHEN {0} THEN 'true' ELSE 'false' END",
}


class BulkRefusedError(Exception):
    """A statement that the Bulk APIs do not take, with the words they refuse it in.

    Attributes:
        code: The errorCode of Bulk API 2.0.
        message: Its message.
        asynchronous: Whether the job is accepted first and fails then.
    """

    def __init__(self, code: str, message: str, *, asynchronous: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.asynchronous = asynchronous


UNSUPPORTED_OBJECTS = frozenset(
    {
        "AcceptedEventRelation", "AssetTokenEvent", "AttachedContentNote", "Attachment",
        "CaseStatus", "CaseTeamMember", "CaseTeamRole", "CaseTeamTemplate",
        "CaseTeamTemplateMember", "CaseTeamTemplateRecord", "ContractStatus",
        "DeclinedEventRelation", "EventWhoRelation", "FieldSecurityClassification",
        "KnowledgeArticle", "KnowledgeArticleVersion", "KnowledgeArticleVersionHistory",
        "KnowledgeArticleViewStat", "KnowledgeArticleVoteStat", "OrderStatus", "PartnerRole",
        "RecentlyViewed", "ServiceAppointmentStatus", "ShiftStatus", "SolutionStatus",
        "TaskPriority", "TaskStatus", "TaskWhoRelation", "UndecidedEventRelation",
        "WorkOrderLineItemStatus", "WorkOrderStatus", "WorkStepStatus",
    }
)  # fmt: skip
"""Objects that can be queried, but not in bulk; no describe flag tells (as open connectors found out)."""


def refuse_unsupported(statement: Statement, *, offset: bool) -> None:
    """Hold a statement against what the Bulk APIs do not take (Bulk API 2.0 guide, "SOQL Considerations").

    Raises:
        BulkRefusedError: For aggregates, sub-queries, TYPEOF, OFFSET, compound and binary fields, and objects
            without bulk support.
    """
    if statement.sobject.name in UNSUPPORTED_OBJECTS:
        raise BulkRefusedError("INVALIDENTITY", f"{statement.sobject.name} is not supported by the Bulk API")
    if statement.kind != RECORDS or statement.has_children:
        raise BulkRefusedError("API_ERROR", "Aggregate Relationships not supported in Bulk Query")
    if statement.has_typeof:
        raise BulkRefusedError("API_ERROR", "TYPEOF not supported in Bulk Query")
    if offset:
        raise BulkRefusedError("API_ERROR", "OFFSET not supported in Bulk Query")
    types = {column.type for column in statement.columns}
    if types & {"address", "location"}:
        raise BulkRefusedError("API_ERROR", "Selecting compound data not supported in Bulk Query")
    if "base64" in types:
        raise BulkRefusedError(
            "FEATURENOTENABLED", "FeatureNotEnabled : Binary field not supported", asynchronous=True
        )


@dataclass(slots=True)
class Extract:
    """A statement on its way to disk.

    Attributes:
        store: Where the records are.
        statement: What to read.
        dialect: How the CSV looks.
    """

    store: Store
    statement: Statement
    dialect: Dialect

    def row_ids(self) -> array[int]:
        """SQLite's numbers of the rows that the statement finds: in its order, or else from the oldest on."""
        statement, number = self.statement, f"{root_alias(self.statement)}.rowid"
        if not (statement.ordered or statement.limited):
            statement = replace(statement, tail=f"ORDER BY {number}")
        with self.store.lock, _too_complicated_fails_the_job():
            _register(self.store.connection)
            found = self.store.connection.execute(statement.select([number]), statement.parameters)
            return array("q", (row[0] for row in found))

    def write(self, row_ids: Sequence[int], spool: Spool, between_steps: Callable[[], None]) -> None:
        """Append the rows to a spool.

        Args:
            row_ids: What to write, of ``row_ids``.
            spool: Where to; left unsealed.
            between_steps: Called after every step; an exception from it ends the writing.
        """
        line = f"CAST({csv_line(self.statement.columns, self.dialect)} AS BLOB)"
        for step in steps(self.statement, row_ids):
            spool.append(self._rows(step.select([line]), step.parameters))
            between_steps()

    def _rows(self, sql: str, parameters: dict[str, Any]) -> list[bytes]:
        with self.store.lock, _too_complicated_fails_the_job():
            rows = [row[0] for row in self.store.connection.execute(sql, parameters)]
        if any(_NUL_BYTES in row for row in rows):
            return [row.replace(_NUL_BYTES, b"\0") for row in rows]
        return rows


@contextmanager
def _too_complicated_fails_the_job() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        if not _TOO_COMPLICATED.search(str(error)):
            raise
        text = f"InvalidBatch : Failed to process query: QUERY_TOO_COMPLICATED: {QUERY_TOO_COMPLICATED}"
        raise JobFailedError(text) from error


def steps(statement: Statement, row_ids: Sequence[int]) -> Iterator[Statement]:
    """A statement in steps: each finds a few of the rows, in the statement's order."""
    of_step = f"{root_alias(statement)}.rowid IN (SELECT value FROM json_each(:step))"  # noqa: S608
    body = f"{statement.body} AND {of_step}"
    for start in range(0, len(row_ids), _STEP_ROWS):
        step = json.dumps(list(row_ids[start : start + _STEP_ROWS]))
        yield replace(statement, body=body, parameters=statement.parameters | {"step": step})


def root_alias(statement: Statement) -> str:
    """What the object in FROM is called in a statement's SQL."""
    match = re.match(r'FROM "\w+" (\w+)', statement.body)
    assert match, statement.body
    return match[1]


def between(statement: Statement, first_row: int, last_row: int) -> Statement:
    """A statement that finds only those of its rows whose number is in a range, both ends included."""
    body = f"{statement.body} AND {root_alias(statement)}.rowid BETWEEN :first_row AND :last_row"
    rows = {"first_row": first_row, "last_row": last_row}
    return replace(statement, body=body, parameters=statement.parameters | rows)


def csv_line(columns: Sequence[Column], dialect: Dialect) -> str:
    """SQL for one CSV line of a row, every value quoted, with its line ending; NULL is an empty value."""
    pieces = []
    for start in range(0, len(columns), _FORMAT_ARGUMENTS):
        some = columns[start : start + _FORMAT_ARGUMENTS]
        is_last = start + len(some) == len(columns)
        pattern = dialect.delimiter.join(['"%s"'] * len(some)) + (
            dialect.terminator if is_last else dialect.delimiter
        )
        values = [_CSV_VALUE.get(each.type, _FREE_TEXT).format(each.sql) for each in some]
        pieces.append(f"printf('{pattern}', {', '.join(values)})")
    return " || ".join(pieces)


def header_names(text: str, statement: Statement) -> list[str]:
    """The header of a result: names as SELECT writes them, those of ``FIELDS()`` as describe has them."""
    items = parse(text).items
    if len(items) != len(statement.columns):
        return [".".join(column.path) for column in statement.columns]
    selected = [item for item in items if isinstance(item, Selected)]
    return [each.alias.text if each.alias else _written_name(each.expression) for each in selected]


def _written_name(expression: Expression | Literal) -> str:
    if isinstance(expression, Function):
        return f"{expression.name}({', '.join(map(_written_name, expression.arguments))})"
    return expression.text


def _register(connection: sqlite3.Connection) -> None:
    if not _knows(connection, "soql_fold"):
        functions.register(connection)
    if not _knows(connection, "csv_text"):
        connection.create_function("csv_double", 1, java_double, deterministic=True)
        connection.create_function("csv_text", 1, _csv_text, deterministic=True)


def _knows(connection: sqlite3.Connection, function: str) -> bool:
    sql = "SELECT 1 FROM pragma_function_list WHERE name = ?"
    return connection.execute(sql, (function,)).fetchone() is not None


def _csv_text(value: str) -> str:
    return value.replace('"', '""').replace("\0", _NUL)
