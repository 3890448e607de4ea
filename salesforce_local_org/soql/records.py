"""Queries whose rows are records: the select list with parents, child lists, TYPEOF and FIELDS()."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from salesforce_local_org.soql.expressions import is_date_function
from salesforce_local_org.soql.errors import SoqlError
from salesforce_local_org.soql.fields_function import expand_fields, is_fields_function
from salesforce_local_org.soql.shape import RecordShape
from salesforce_local_org.soql.statement import RECORDS, ChildPage, Statement
from salesforce_local_org.soql.tree import ChildQuery, Function, Path, Selected, Typeof

if TYPE_CHECKING:
    from salesforce_local_org.soql.clauses import Clauses
    from salesforce_local_org.soql.render import Column
    from salesforce_local_org.soql.tree import Query


def compile_records(clauses: Clauses, query: Query) -> Statement:
    """Compile a query whose rows are records.

    Raises:
        SoqlError: With Salesforce's errorCode and message.
    """
    if query.having is not None:
        raise SoqlError("MALFORMED_QUERY", "unexpected token: 'HAVING'")
    selection = Selection(clauses, query)
    selection.add_all()
    order = clauses.order(query)
    limits = clauses.limits(query)
    return Statement(
        sobject=clauses.root.sobject,
        kind=RECORDS,
        columns=selection.columns,
        pieces=selection.shape.pieces(nested=False),
        body=clauses.body(query),
        tail=f"{order} {limits}",
        parameters=clauses.context.parameters,
        limited=query.limit is not None,
        ordered=bool(query.order_by),
        has_typeof=selection.has_typeof,
        children=selection.children,
    )


@dataclass(slots=True)
class Selection:
    """The select list of one query, as it grows."""

    clauses: Clauses
    query: Query
    columns: list[Column] = field(default_factory=list)
    children: list[ChildPage] = field(default_factory=list)
    has_typeof: bool = False
    shape: RecordShape = field(init=False)

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
                self._add_child(item)
            else:
                self._add_typeof(item)

    def _add_selected(self, item: Selected) -> None:
        expression = item.expression
        if isinstance(expression, Path):
            if item.alias:
                raise self.clauses.context.error(
                    "MALFORMED_QUERY",
                    expression.start,
                    "only aggregate expressions use field aliasing",
                    expression.end,
                )
            self._add_path(expression)
        elif is_fields_function(expression):
            for column in expand_fields(self.clauses, self.query, expression):
                self._place(column, ())
        else:
            self._add_function(expression, item.alias)

    def _add_path(self, path: Path) -> None:
        resolved = self.clauses.scope.resolve(path)
        self._place(self.clauses.expressions.field_column(resolved), resolved.steps)

    def _place(self, column: Column, steps: tuple[object, ...]) -> None:
        if not self.shape.place(steps, column):  # type: ignore[arg-type]
            raise SoqlError("INVALID_FIELD", f"duplicate field selected: {'.'.join(column.path)}")
        self.columns.append(column)

    def _add_function(self, function: Function, alias: str | None) -> None:
        if is_date_function(function):
            message = f"Field must be grouped or aggregated: {function.name}"
            raise self.clauses.context.error("MALFORMED_QUERY", function.start, message, function.end)
        column = self.clauses.expressions.column(function)
        raise NotImplementedError(column, alias)

    def _add_child(self, item: ChildQuery) -> None:
        raise NotImplementedError

    def _add_typeof(self, item: Typeof) -> None:
        raise NotImplementedError
