"""SOQL text -> tree."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, cast

from lark import Lark, Token, Transformer, UnexpectedInput, v_args
from lark.exceptions import VisitError

from salesforce_local_org.soql.errors import QUERY_TOO_COMPLICATED, SoqlError, unexpected_token
from salesforce_local_org.soql.tree import (
    ChildQuery,
    Compare,
    Function,
    Literal,
    Logic,
    Member,
    Not,
    OrderItem,
    Path,
    Query,
    Search,
    Selected,
    SemiJoin,
    SourceName,
    Typeof,
    TypeofBranch,
)

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_STATEMENT = 100_000
"""Characters of one SOQL statement (SOQL and SOSL Limits)."""
DEEPEST_BRACKETS = 100
_TERM = re.compile(r"^\s*FIND\s*\{.*\}", re.IGNORECASE | re.DOTALL)
_BRACKET_OR_STRING = re.compile(r"[()]|'(?:[^'\\]|\\.)*'", re.DOTALL)


def parse(text: str) -> Query:
    """The tree of a SOQL statement.

    Raises:
        SoqlError: MALFORMED_QUERY for anything the grammar does not know, and for a statement longer than
            100,000 characters; QUERY_TOO_COMPLICATED for brackets nested beyond reason.
    """
    if len(text) > LONGEST_STATEMENT:
        raise SoqlError(
            "MALFORMED_QUERY", f"SOQL statements cannot be longer than {LONGEST_STATEMENT} characters."
        )
    _refuse_deep_brackets(text)
    try:
        query: Query = cast("Any", _parser().parse(text, start="start"))
    except UnexpectedInput as error:
        raise unexpected_token(text, _place(error, text)) from None
    except VisitError as error:
        raise error.orig_exc from None
    return query


def parse_search(text: str) -> Search:
    """The tree of a SOSL statement.

    Raises:
        SoqlError: MALFORMED_SEARCH for anything the grammar does not know.
    """
    if not _TERM.search(text):
        raise SoqlError(
            "MALFORMED_SEARCH", "No search term found. The search term must be enclosed in braces."
        )
    try:
        search: Search = cast("Any", _parser().parse(text, start="search"))
    except UnexpectedInput as error:
        refusal = unexpected_token(text, _place(error, text))
        raise SoqlError("MALFORMED_SEARCH", refusal.message) from None
    return search


def _place(error: UnexpectedInput, text: str) -> int:
    """Where the blamed word starts; the end of the text when more was expected."""
    token = getattr(error, "token", None)
    place = error.pos_in_stream or 0
    if place < 0 or (isinstance(token, Token) and token.type == "$END"):
        return len(text)
    while place < len(text) and text[place].isspace():
        place += 1
    return place


def _refuse_deep_brackets(text: str) -> None:
    depth = 0
    for bracket in _BRACKET_OR_STRING.findall(text):
        depth += {"(": 1, ")": -1}.get(bracket, 0)
        if depth > DEEPEST_BRACKETS:
            raise SoqlError("QUERY_TOO_COMPLICATED", QUERY_TOO_COMPLICATED)


@lru_cache(maxsize=1)
def _parser() -> Lark:
    grammar = FilePath(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(
        grammar,
        parser="lalr",
        start=["start", "search"],
        transformer=_TreeBuilder(),
        propagate_positions=False,
    )


def _literal(token: Token) -> Literal:
    return Literal(token.type, str(token), token.start_pos or 0, token.end_pos or 0)


def _tail(kind: str) -> Callable[..., Any]:
    """A clause whose keyword goes and whose content stays, labelled for ``query``."""

    def build(_self: Any, children: list[Any]) -> tuple[str, Any]:
        return kind, children[1:]

    return build


class _TreeBuilder(Transformer[Token, Any]):
    """Builds the tree while lark parses."""

    @v_args(inline=True)
    def start(self, query: Query) -> Query:
        return query

    def search(self, children: list[Any]) -> Search:
        term, *clauses = children
        said = {kind: content for kind, content in clauses if kind in {"in_fields", "returning", "limit"}}
        limit = _literal(said["limit"][0]) if "limit" in said else None
        fields = said["in_fields"][0].upper() if "in_fields" in said else "ALL"
        return Search(term[term.index("{") + 1 : -1], fields, tuple(said.get("returning", ())), limit)

    def target(self, children: list[Any]) -> Query:
        name, *inside = children
        path = Path((str(name),), name.start_pos, name.end_pos)
        items = inside[0] if inside else (Selected(Path(("Id",), name.start_pos, name.end_pos)),)
        return _with_clauses(Query(items, (SourceName(path, None),), start=name.start_pos), inside[1:])

    def query(self, children: list[Any]) -> Query:
        select, items, _, sources, *clauses = children
        query = _with_clauses(Query(items, sources, start=select.start_pos), clauses)
        query.children = [item for item in items if isinstance(item, ChildQuery)]
        return query

    def select_items(self, children: list[Any]) -> tuple[Any, ...]:
        return tuple(children)

    def selected(self, children: list[Any]) -> Selected:
        return Selected(children[0], children[1] if len(children) > 1 else None)

    @v_args(inline=True)
    def child_query(self, query: Query) -> ChildQuery:
        return ChildQuery(query, query.start)

    @v_args(inline=True)
    def alias(self, name: Token) -> Literal:
        return _literal(name)

    def typeof(self, children: list[Any]) -> Typeof:
        keyword, path, *rest, _ = children
        branches = tuple(each for each in rest if isinstance(each, TypeofBranch))
        otherwise = next((each for each in rest if not isinstance(each, TypeofBranch)), None)
        return Typeof(path, branches, otherwise, keyword.start_pos)

    def typeof_when(self, children: list[Any]) -> TypeofBranch:
        _, name, _, fields = children
        return TypeofBranch(str(name), name.start_pos, fields)

    def typeof_else(self, children: list[Any]) -> Any:
        return children[1]

    def typeof_fields(self, children: list[Any]) -> tuple[Any, ...]:
        return tuple(children)

    @v_args(inline=True)
    def path(self, token: Token) -> Path:
        parts = tuple(part.strip() for part in token.split("."))
        return Path(parts, token.start_pos or 0, token.end_pos or 0)

    @v_args(inline=True)
    def function(self, name: Token, arguments: tuple[Any, ...] | None) -> Function:
        return Function(str(name), arguments or (), name.start_pos or 0, name.end_pos or 0)

    def arguments(self, children: list[Any]) -> tuple[Any, ...]:
        return tuple(children)

    @v_args(inline=True)
    def text_argument(self, token: Token) -> Literal:
        return _literal(token)

    number_argument = text_argument

    def sources(self, children: list[Any]) -> tuple[SourceName, ...]:
        return tuple(children)

    def source(self, children: list[Any]) -> SourceName:
        return SourceName(children[0], _literal(children[-1]) if len(children) > 1 else None)

    @v_args(inline=True)
    def value(self, token: Token) -> Literal:
        return _literal(token)

    def values(self, children: list[Any]) -> tuple[Literal, ...]:
        return tuple(children)

    @v_args(inline=True)
    def semi_join(self, query: Query) -> Query:
        return query

    @v_args(inline=True)
    def compare(self, expression: Any, operator: Token, value: Literal) -> Compare:
        word = operator.upper()
        return Compare(expression, "!=" if word == "<>" else word, value)

    @v_args(inline=True)
    def member(self, expression: Any, operator: Token, content: Any) -> Member | SemiJoin:
        word = " ".join(operator.upper().split())
        if isinstance(content, Query):
            return SemiJoin(expression, word, content, content.start)
        return Member(expression, word, content)

    @v_args(inline=True)
    def negation(self, _keyword: Token, operand: Any) -> Not:
        return Not(operand)

    def conjunction(self, children: list[Any]) -> Logic:
        return Logic("AND", tuple(children[::2]))

    def disjunction(self, children: list[Any]) -> Logic:
        return Logic("OR", tuple(children[::2]))

    def order_item(self, children: list[Any]) -> OrderItem:
        expression, *words = children
        said = {token.type: token.upper() for token in words}
        nulls = said["NULLS"].split()[-1] if "NULLS" in said else None
        return OrderItem(expression, said.get("DIRECTION") == "DESC", nulls)

    def with_mode(self, children: list[Any]) -> tuple[str, Any]:
        return "with", _literal(children[1])

    def with_filter(self, children: list[Any]) -> tuple[str, Any]:
        return "with", Literal("FILTER", children[1].text, children[1].start, children[1].end)

    def with_data_category(self, children: list[Any]) -> tuple[str, Any]:
        return "with", _literal(children[1])

    def category(self, children: list[Any]) -> list[Any]:
        return children

    in_fields = _tail("in_fields")
    returning = _tail("returning")
    using = _tail("using")
    where = _tail("where")
    group_by = _tail("group_by")
    having = _tail("having")
    order_by = _tail("order_by")
    limit = _tail("limit")
    offset = _tail("offset")

    def locking(self, children: list[Any]) -> tuple[str, Any]:
        return "locking", _literal(children[0])

    def usage_update(self, children: list[Any]) -> tuple[str, Any]:
        return "usage_update", children


def _with_clauses(query: Query, clauses: list[Any]) -> Query:
    for clause in filter(None, clauses):
        kind, content = ("all_rows", [clause]) if isinstance(clause, Token) else clause
        _CLAUSES[kind](query, content)
    return query


def _set(name: str, convert: Callable[[list[Any]], Any]) -> Callable[[Query, Any], None]:
    return lambda query, content: setattr(query, name, convert(content))


_CLAUSES: dict[str, Callable[[Query, Any], None]] = {
    "using": _set("scope", lambda content: str(content[1])),
    "where": _set("where", lambda content: content[0]),
    "with": lambda query, content: setattr(query, "with_filters", (*query.with_filters, content)),
    "group_by": _set("group_by", tuple),
    "having": _set("having", lambda content: content[0]),
    "order_by": _set("order_by", tuple),
    "limit": _set("limit", lambda content: _literal(content[0])),
    "offset": _set("offset", lambda content: _literal(content[0])),
    "locking": lambda query, content: setattr(query, "locking", (*query.locking, content)),
    "usage_update": lambda _query, _content: None,
    "all_rows": _set("all_rows", lambda content: _literal(content[0])),
}
