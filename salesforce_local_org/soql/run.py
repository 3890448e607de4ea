"""Running a compiled statement: rows as JSON text, page by page, or as dicts."""

from __future__ import annotations

import json
import re
import sqlite3
from typing import TYPE_CHECKING, Any

from salesforce_local_org.soql.children import CHILD_PAGE, LONG_LIST_END, LONG_LIST_START
from salesforce_local_org.soql.compile import compile_statement
from salesforce_local_org.soql.errors import QUERY_TOO_COMPLICATED, SoqlError
from salesforce_local_org.soql.statement import COUNT, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from salesforce_local_org.org import Org

CHUNK = 2_000
"""Rows that are fetched at once."""
DEFAULT_VERSION = "64.0"
_INDEX_SEARCH = re.compile(r"SEARCH t1 USING .*\((.*)\)")
_TOO_COMPLICATED = re.compile("too large|overflow|too many|at most")
_LONG_LIST = re.compile(f"{LONG_LIST_START}(\\d+):(\\w+){LONG_LIST_END}")


def run(org: Org, text: str, *, all_rows: bool = False, version: str = DEFAULT_VERSION) -> QueryResult:
    """Compile a statement and get ready to run it.

    Raises:
        SoqlError: With Salesforce's errorCode and message.
    """
    return QueryResult(org, compile_statement(org, text, all_rows=all_rows), version)


class QueryResult:
    """The rows of a statement. Whoever reads them holds ``org.store.lock``.

    Attributes:
        statement: The compiled statement.
        version: The API version that URLs in the rows name.
    """

    def __init__(self, org: Org, statement: Statement, version: str) -> None:
        self._org = org
        self.statement = statement
        self.version = version

    def count(self) -> int:
        """The answer to ``SELECT COUNT()``."""
        row = self._execute("SELECT count(*) " + self.statement.body).fetchone()
        return int(row[0])

    def table_rows(self) -> int:
        """All rows of the object, deleted ones among them."""
        row = self._execute(f'SELECT count(*) FROM "{self.statement.sobject.name}"').fetchone()  # noqa: S608
        return int(row[0])

    def count_rows(self) -> int:
        """How many rows the statement gives."""
        row = self._execute(f"SELECT count(*) FROM ({self.statement.select(['1'])})").fetchone()  # noqa: S608
        return int(row[0])

    def index_fields(self) -> list[str]:
        """The fields whose index finds the rows; empty for a scan of the table."""
        steps = self._execute("EXPLAIN QUERY PLAN " + self.statement.select(["1"])).fetchall()
        searches = [match for *_, step in steps if (match := _INDEX_SEARCH.match(step))]
        return re.findall(r"(\w+)[=<>]", searches[0][1]) if searches else []

    def json_rows(self) -> Iterator[list[str]]:
        """The rows as JSON text, some at a time; child lists longer than a page have the rest in a cursor."""
        if self.statement.kind == COUNT:
            return
        for rows in self._plain_rows():
            yield [self._with_long_lists(row) if LONG_LIST_START in row else row for row in rows]

    def _plain_rows(self) -> Iterator[list[str]]:
        sobjects = f"/services/data/v{self.version}/sobjects/"
        texts, values = zip(*self.statement.pieces, strict=True)
        template = "%s".join(each.replace("%", "%%") for each in texts)
        cursor = self._execute(self.statement.select([each for each in values if each]), sobjects)
        while rows := cursor.fetchmany(CHUNK):
            yield [template % row for row in rows]

    def _with_long_lists(self, row: str) -> str:
        """A row with its marks of long child lists replaced by the lists' first pages."""
        return _LONG_LIST.sub(lambda match: self._long_list(int(match[1]), match[2]), row)

    def _long_list(self, number: int, parent: str) -> str:
        statement = self.statement.children[number].for_one_parent()
        statement.parameters["parent"] = parent
        rows = QueryResult(self._org, statement, self.version).json_rows()
        return self._org.cursors.first_page(rows, CHILD_PAGE).json(self.version).decode()

    def rows(self) -> Iterator[dict[str, Any]]:
        """The rows as REST shows them."""
        for chunk in self.json_rows():
            yield from map(json.loads, chunk)

    def _execute(self, sql: str, sobjects: str = "") -> sqlite3.Cursor:
        parameters = {**self.statement.parameters, "sobjects": sobjects}
        try:
            return self._org.store.connection.execute(sql, parameters)
        except sqlite3.OperationalError as error:
            if _TOO_COMPLICATED.search(str(error)):
                raise SoqlError("QUERY_TOO_COMPLICATED", QUERY_TOO_COMPLICATED) from error
            raise
