"""Queries whose rows are records: the select list with parents, child lists, TYPEOF and FIELDS()."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from salesforce_local_org.soql.clauses import check_alias
from salesforce_local_org.soql.errors import SoqlError
from salesforce_local_org.soql.expressions import is_date_function
from salesforce_local_org.soql.fields_function import expand_fields, is_fields_function
from salesforce_local_org.soql.render import Column
from salesforce_local_org.soql.shape import Json, RecordShape
from salesforce_local_org.soql.statement import RECORDS, Statement
from salesforce_local_org.soql.tree import ChildQuery, Path, Selected
from salesforce_local_org.soql.typeof import typeof_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from salesforce_local_org.soql.clauses import Clauses
    from salesforce_local_org.soql.scope import Source
    from salesforce_local_org.soql.tree import Expression, Function, Query


def compile_records(
    clauses: Clauses,
    query: Query,
    child: Callable[[Clauses, ChildQuery], tuple[str, str]],
    *conditions: str,
) -> tuple[Statement, RecordShape]:
    """Compile a query whose rows are records.

    Args:
        clauses: The query's names.
        query: The query.
        child: Compiles a sub-query: gives the relationship's name and SQL for its list as JSON.
        conditions: More conditions in SQL.

    Returns:
        The statement, and the shape of its records.

    Raises:
        SoqlError: With Salesforce's errorCode and message.
    """
    selection = Selection(clauses, query, child)
    selection.add_all()
    order = clauses.order(query)
    limits = clauses.limits(query)
    statement = Statement(
        sobject=clauses.root.sobject,
        kind=RECORDS,
        columns=selection.columns,
        pieces=selection.shape.pieces(nested=False),
        body=clauses.body(query, *conditions),
        tail=f"{order} {limits}",
        parameters=clauses.context.parameters,
        limited=query.limit is not None,
        ordered=bool(query.order_by),
        has_typeof=selection.has_typeof,
        children=clauses.context.children,
    )
    return statement, selection.shape


@dataclass(slots=True)
class Selection:
    """The select list of one query, as it grows."""

    clauses: Clauses
    query: Query
    child: Callable[[Clauses, ChildQuery], tuple[str, str]]
    columns: list[Column] = field(default_factory=list)
    has_typeof: bool = False
    shape: RecordShape = field(init=False)
    _unnamed: int = 0

    def __post_init__(self) -> None:
        self.shape = RecordShape(self.clauses.root)

    def add_all(self) -> None:
        """Take every entry of the select list.

        Raises:
            SoqlError: As Salesforce refuses the entry.
        """
        for item in self.query.items:
            if isinstance(item, Selected):
                self._add_selected(item)
            elif isinstance(item, ChildQuery):
                self._add_json(*self.child(self.clauses, item))
            else:
                self.has_typeof = True
                self._add_json(*typeof_json(self.clauses, item))

    def _add_selected(self, item: Selected) -> None:
        expression = item.expression
        check_alias(self.clauses.context, item.alias)
        if isinstance(expression, Path):
            if item.alias:
                raise self._malformed(expression, "only aggregate expressions use field aliasing")
            resolved = self.clauses.scope.resolve(expression)
            self._place(self.clauses.expressions.field_column(resolved), resolved.steps)
        elif is_fields_function(expression):
            for column in expand_fields(self.clauses, self.query, expression):
                self._place(column, ())
        else:
            self._add_function(expression, item.alias.text if item.alias else None)

    def _add_function(self, function: Function, alias: str | None) -> None:
        if is_date_function(function):
            raise self._malformed(function, f"Field must be grouped or aggregated: {function.name}")
        column = self.clauses.expressions.column(function)
        if alias is None and column.field is None:
            alias = f"expr{self._unnamed}"
            self._unnamed += 1
        if alias:
            self._place(Column((alias,), column.type, column.sql), ())
            return
        path = next(each for each in _paths(function))
        self._place(column, self.clauses.scope.resolve(path).steps)

    def _place(self, column: Column, steps: tuple[Source, ...]) -> None:
        if not self.shape.place(steps, column):
            raise SoqlError("INVALID_FIELD", f"duplicate field selected: {'.'.join(column.path)}")
        self.columns.append(column)

    def _add_json(self, name: str, sql: str) -> None:
        if name in self.shape.entries:
            raise SoqlError("INVALID_FIELD", f"duplicate field selected: {name}")
        self.shape.entries[name] = Json(sql)

    def _malformed(self, expression: Expression, message: str) -> SoqlError:
        return self.clauses.context.error("MALFORMED_QUERY", expression.start, message, expression.end)


def _paths(expression: object) -> list[Path]:
    if isinstance(expression, Path):
        return [expression]
    return [path for each in getattr(expression, "arguments", ()) for path in _paths(each)]
