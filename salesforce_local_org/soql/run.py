"""Running a compiled statement: rows as JSON text, page by page, or as dicts."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from salesforce_local_org.soql.children import CHILD_PAGE, LONG_LIST_END, LONG_LIST_START
from salesforce_local_org.soql.compile import compile_statement
from salesforce_local_org.soql.statement import COUNT, Statement

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from salesforce_local_org.org import Org

CHUNK = 2_000
"""Rows that are fetched at once."""
DEFAULT_VERSION = "64.0"
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
        return self._org.store.connection.execute(sql, {**self.statement.parameters, "sobjects": sobjects})
