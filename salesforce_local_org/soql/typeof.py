"""TYPEOF: other fields for each object that a polymorphic lookup may point to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salesforce_local_org.soql.errors import SoqlError
from salesforce_local_org.soql.expressions import Expressions
from salesforce_local_org.soql.scope import PolymorphicSource, Scope
from salesforce_local_org.soql.shape import RecordShape
from salesforce_local_org.soql.tree import Path

if TYPE_CHECKING:
    from salesforce_local_org.soql.clauses import Clauses
    from salesforce_local_org.soql.scope import Context, Source
    from salesforce_local_org.soql.tree import Expression, Typeof, TypeofBranch


def typeof_json(clauses: Clauses, typeof: Typeof) -> tuple[str, str]:
    """Compile a TYPEOF clause.

    Returns:
        The relationship's name, and SQL for the related record as JSON; ``null`` without one.

    Raises:
        SoqlError: The relationship is not polymorphic, or a branch names what there is not.
    """
    context = clauses.context
    steps = clauses.scope.walk(typeof.path, typeof.path.parts)
    source = steps[-1] if len(steps) == 1 else None
    if not isinstance(source, PolymorphicSource):
        raise context.error(
            "MALFORMED_QUERY",
            typeof.path.start,
            f"TYPEOF needs a polymorphic relationship field: '{typeof.path.text}'",
            typeof.path.end,
        )
    cases = []
    for branch in typeof.branches:
        context.count_relationship(branch.start)
        target = _target(context, source, branch)
        if target:
            cases.append(f"WHEN {target.id_sql} IS NOT NULL THEN {_record(context, target, branch.fields)}")
    otherwise = _record(context, source, typeof.otherwise) if typeof.otherwise else "'null'"
    name = source.step or ""
    return name, f"CASE {' '.join(cases)} ELSE {otherwise} END" if cases else otherwise


def _target(context: Context, source: PolymorphicSource, branch: TypeofBranch) -> Source | None:
    """The source of a branch; None for an object that the lookup allows but this org does not have."""
    if branch.sobject.lower() not in {each.lower() for each in source.lookup.reference_to}:
        raise context.error(
            "INVALID_TYPE",
            branch.start,
            f"sObject type '{branch.sobject}' is not a type that '{source.step}' can refer to",
            branch.start + len(branch.sobject),
        )
    return source.target(branch.sobject)


def _record(context: Context, source: Source, fields: tuple[Expression, ...]) -> str:
    scope = Scope(context, source)
    expressions = Expressions(scope)
    shape = RecordShape(source)
    for each in fields:
        if not isinstance(each, Path):
            message = f"functions are not allowed in TYPEOF: {each.name}"
            raise context.error("MALFORMED_QUERY", each.start, message, each.end)
        resolved = scope.resolve(each)
        if not shape.place(resolved.steps, expressions.field_column(resolved)):
            raise SoqlError("INVALID_FIELD", f"duplicate field selected: {each.text}")
    return shape.json()
