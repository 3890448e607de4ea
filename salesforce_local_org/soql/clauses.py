"""The clauses that every kind of query shares: FROM, USING SCOPE, WHERE, ORDER BY, LIMIT, OFFSET."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from salesforce_local_org.soql.conditions import Conditions
from salesforce_local_org.soql.errors import SoqlError, unexpected_token
from salesforce_local_org.soql.expressions import Expressions, is_aggregate, picklist_order
from salesforce_local_org.soql.render import ID_TYPES, NUMBER_TYPES
from salesforce_local_org.soql.scope import Context, Scope, Source
from salesforce_local_org.soql.semi_joins import SemiJoins

if TYPE_CHECKING:
    from salesforce_local_org.schema import SObject
    from salesforce_local_org.soql.render import Column
    from salesforce_local_org.soql.tree import Expression, Literal, OrderItem, Query, SourceName

GREATEST_OFFSET = 2_000
_ARCHIVED = frozenset({"Task", "Event"})
_SCOPES = frozenset(
    {
        "delegated", "everything", "mine", "mine_and_my_groups", "my_territory", "my_team_territory", "team",
        "allprivate", "scopingrule",
    }
)  # fmt: skip
_MODES = frozenset({"security_enforced", "user_mode", "system_mode"})
_UPPERCASED = frozenset({"string", "textarea", "phone", "url", "email", "combobox"})
_NEVER_ALIASES = frozenset({"FIRST", "FOR", "GROUP", "LAST"})
"""Names that cannot be aliases ("Alias Notation"; FOR is not listed there, but no parser takes it), beside
those that are no names to the grammar."""
_GREATEST_LIMIT = 2**31 - 1


def find_object(context: Context, name: str, start: int) -> SObject:
    """The object a query names.

    Raises:
        SoqlError: INVALID_TYPE if there is no such object, INVALID_TYPE_FOR_OPERATION if it takes no queries.
    """
    sobject = context.schema.object(name)
    if sobject is None:
        raise context.error(
            "INVALID_TYPE",
            start,
            f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure"
            " to append the '__c' after the entity name. Please reference your WSDL or the describe call for"
            " the appropriate names.",
            start + len(name),
        )
    if not sobject.queryable:
        raise SoqlError("INVALID_TYPE_FOR_OPERATION", f"entity type {sobject.name} does not support query")
    return sobject


@dataclass(slots=True)
class Clauses:
    """One query's names and the SQL of its clauses."""

    context: Context
    root: Source
    scope: Scope
    expressions: Expressions
    in_child: bool = False
    """Whether it is a sub-query of a select list."""

    @classmethod
    def of_query(cls, context: Context, query: Query) -> Clauses:
        """Resolve FROM of an outermost query.

        Raises:
            SoqlError: INVALID_TYPE, INVALID_TYPE_FOR_OPERATION or MALFORMED_QUERY.
        """
        first = query.sources[0]
        if len(first.path.parts) > 1:
            raise context.error(
                "INVALID_TYPE", first.path.start, _not_supported(first.path.text), first.path.end
            )
        sobject = find_object(context, first.path.parts[0], first.path.start)
        return cls.of_object(context, query, sobject)

    @classmethod
    def of_object(
        cls, context: Context, query: Query, sobject: SObject, *, in_child: bool = False
    ) -> Clauses:
        """The names of a query whose object is known."""
        root = Source(context, sobject, context.new_alias(), [])
        scope = Scope(context, root)
        first, *others = query.sources
        if first.alias:
            scope.aliases[_alias(context, first.alias)] = root
        for other in others:
            _add_alias(scope, other)
        return cls(context, root, scope, Expressions(scope), in_child)

    def body(self, query: Query, *conditions: str, semi_joins: bool = True) -> str:
        """FROM, joins and WHERE.

        Args:
            query: The query.
            conditions: More conditions in SQL, such as the tie between a child and its parent.
            semi_joins: Whether its WHERE may hold semi-joins.
        """
        where = [*conditions, *self._visible(query)]
        if query.where is not None:
            joins = (
                SemiJoins(self.context, self.root.sobject, Clauses.of_query).compile if semi_joins else None
            )
            where.append(Conditions(self.context, self.operand, joins).compile(query.where))
        self._check_with(query)
        joined = " ".join(self.root.joins)
        return f'FROM "{self.root.entity}" {self.root.alias} {joined} WHERE {" AND ".join(where) or "1"}'

    def operand(self, expression: Expression) -> Column:
        """The column on the left of a condition in WHERE."""
        if is_aggregate(expression):
            message = "Aggregate functions can not be used in WHERE"
            raise self.context.error("MALFORMED_QUERY", expression.start, message, expression.end)
        column = self.expressions.column(expression)
        if self.in_child and column.type == "textarea":
            message = f"field '{column.name}' can not be filtered in a query call"
            raise self.context.error("INVALID_FIELD", expression.start, message, expression.end)
        return column

    def _visible(self, query: Query) -> list[str]:
        """What hides rows: the recycle bin, the archive, the scope."""
        sobject, alias = self.root.sobject, self.root.alias
        hidden = []
        if not self.context.all_rows:
            if sobject.soft_deletes:
                hidden.append(f'{alias}."IsDeleted" = 0')
            if sobject.name in _ARCHIVED and sobject.field("IsArchived"):
                hidden.append(f'{alias}."IsArchived" = 0')
        if query.scope and query.scope.lower() not in _SCOPES:
            raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{query.scope}'")
        if query.scope and query.scope.lower() == "mine" and sobject.field("OwnerId"):
            hidden.append(f'{alias}."OwnerId" = {self.context.bind(self.context.user_id)}')
        return hidden

    def _check_with(self, query: Query) -> None:
        for each in query.with_filters:
            if each.kind == "NAME" and each.text.lower() not in _MODES:
                raise self.context.error(
                    "MALFORMED_QUERY", each.start, f"unexpected token: '{each.text}'", each.end
                )

    def order(self, query: Query) -> str:
        """ORDER BY."""
        terms = [self.order_term(item, self.expressions.column(item.expression)) for item in query.order_by]
        return f"ORDER BY {', '.join(' '.join(term) for term in terms)}" if terms else ""

    def order_term(self, item: OrderItem, column: Column) -> tuple[str, str]:
        """One term of ORDER BY: its key, and its direction.

        Nulls come first unless asked otherwise, and on lookups always.

        Raises:
            SoqlError: MALFORMED_QUERY for a field that is not sortable.
        """
        field = column.field
        if field and not field.sortable:
            raise self.context.error(
                "MALFORMED_QUERY",
                item.expression.start,
                f"field '{field.name}' can not be sorted in a query call",
                item.expression.end,
            )
        nulls = "FIRST" if column.type == "reference" else item.nulls or "FIRST"
        return sort_key(column), f"{'DESC' if item.descending else 'ASC'} NULLS {nulls}"

    def limits(self, query: Query) -> str:
        """LIMIT and OFFSET.

        Raises:
            SoqlError: MALFORMED_QUERY if they are no whole numbers, NUMBER_OUTSIDE_VALID_RANGE if too large.
        """
        limit = self._whole(query.limit) if query.limit else None
        offset = self._whole(query.offset) if query.offset else 0
        if offset > GREATEST_OFFSET:
            raise SoqlError("NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {GREATEST_OFFSET}")
        if limit is None and not offset:
            return ""
        return f"LIMIT {-1 if limit is None else limit} OFFSET {offset}"

    def _whole(self, literal: Literal) -> int:
        if not literal.text.isdigit():
            message = f"unexpected token: '{literal.text}'"
            raise self.context.error("MALFORMED_QUERY", literal.start, message, literal.end)
        return min(int(literal.text), _GREATEST_LIMIT)


def sort_key(column: Column) -> str:
    """What a column is sorted by: picklists by their list, text by its upper case, the rest by itself."""
    if column.type == "picklist" and column.field and column.field.picklist_values:
        return picklist_order(column)
    if column.type in ID_TYPES or column.type in NUMBER_TYPES:
        return column.sql
    return f"soql_upper({column.sql})" if column.type in _UPPERCASED else column.sql


def _not_supported(name: str) -> str:
    return f"sObject type '{name}' is not supported."


def check_alias(context: Context, alias: Literal | None) -> None:
    """Refuse an alias that is a reserved word.

    Raises:
        SoqlError: MALFORMED_QUERY.
    """
    if alias and alias.text.upper() in _NEVER_ALIASES:
        raise unexpected_token(context.text, alias.start)


def _alias(context: Context, alias: Literal) -> str:
    check_alias(context, alias)
    return alias.text.lower()


def _add_alias(scope: Scope, source: SourceName) -> None:
    """``FROM Contact c, c.Account a``: an alias for a parent."""
    steps = scope.walk(source.path, source.path.parts)
    if not steps or not source.alias:
        raise scope.context.error(
            "MALFORMED_QUERY", source.path.start, f"unexpected token: '{source.path.text}'", source.path.end
        )
    scope.aliases[_alias(scope.context, source.alias)] = steps[-1]
    scope.alias_steps[id(steps[-1])] = steps
