"""Queries whose rows are groups: aggregate functions, GROUP BY, ROLLUP and CUBE, HAVING."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from salesforce_local_org.soql.clauses import Clauses
    from salesforce_local_org.soql.statement import Statement
    from salesforce_local_org.soql.tree import Query


def compile_groups(clauses: Clauses, query: Query) -> Statement:
    raise NotImplementedError
