"""SOQL: grammar, tree, SQL on SQLite, rows."""

from __future__ import annotations

from salesforce_local_org.soql.compile import compile_statement
from salesforce_local_org.soql.errors import SoqlError
from salesforce_local_org.soql.run import QueryResult, run
from salesforce_local_org.soql.statement import COUNT, GROUPS, RECORDS, Statement

__all__ = ["COUNT", "GROUPS", "RECORDS", "QueryResult", "SoqlError", "Statement", "compile_statement", "run"]
