"""Made-up SOQL: statements built from their own small grammar, and the same with one word wrong.

The seed is fixed: the corpus is the same every time.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

FIELDS = ("Id", "Name", "Industry", "CreatedDate", "Owner.Name", "Parent.Owner.Email", "NumberOfEmployees")
TEXT_FIELDS = ("Name", "Industry", "Owner.Name", "Site")
NUMBER_FIELDS = ("NumberOfEmployees", "AnnualRevenue")
DATE_LITERALS = (
    "TODAY",
    "LAST_N_DAYS:3",
    "THIS_QUARTER",
    "2026-01-31T10:00:00Z",
    "NEXT_FISCAL_YEAR",
    "N_WEEKS_AGO:2",
)
STRINGS = ("'a'", r"'O\'Neil'", r"'100\\'", "'grün'", r"'\n\t'", "''")
_WORD = re.compile(r"'(?:[^'\\]|\\.)*'|\d{4}-\S+?Z|[\w.:]+|[<>!]=|\S")


@dataclass(frozen=True)
class Statement:
    """A statement of the corpus, and what was done to it."""

    text: str
    change: str = ""


def statements(valid: int, broken: int) -> list[Statement]:
    """That many statements as built, and that many with one word dropped, doubled, moved or put in."""
    dice = random.Random(20_260_101)
    built = [_Builder(dice).statement() for _ in range(valid)]
    sources = [_Builder(dice).statement() for _ in range(broken)]
    return [Statement(text) for text in built] + [_break(text, dice) for text in sources]


class _Builder:
    def __init__(self, dice: random.Random) -> None:
        self._dice = dice

    def statement(self) -> str:
        return self._dice.choice((self._records, self._records, self._records, self._groups, self._count))()

    def _maybe(self, text: str, chance: float = 0.3) -> str:
        return text if self._dice.random() < chance else ""

    def _records(self) -> str:
        dice = self._dice
        items = dice.sample(FIELDS, dice.randint(1, 4))
        items += dice.sample(
            (self._children(), "toLabel(Type)", "FORMAT(AnnualRevenue) shown"), dice.randint(0, 2)
        )
        order = f" ORDER BY {', '.join(self._order() for _ in range(dice.randint(1, 2)))}"
        return (
            f"SELECT {', '.join(items)} FROM Account{self._where()}"
            f"{self._maybe(order)}{self._maybe(' LIMIT 10')}"
            f"{self._maybe(' OFFSET 5', 0.1)}{self._maybe(' FOR VIEW', 0.1)}"
        )

    def _where(self) -> str:
        """WHERE; a semi-join stands only at its top, beside ANDs."""
        condition = self._condition(2)
        semi_join = (
            f"Id {self._dice.choice(('IN', 'NOT IN'))} (SELECT AccountId FROM Contact WHERE LastName > 'a')"
        )
        if self._dice.random() < 0.2:
            condition = f"{semi_join} AND ({condition})"
        return self._maybe(f" WHERE {condition}", 0.8)

    def _children(self) -> str:
        return (
            f"(SELECT Id, LastName FROM Contacts{self._maybe(' WHERE LastName LIKE ' + repr('a%'))} LIMIT 3)"
        )

    def _groups(self) -> str:
        dice = self._dice
        keys = dice.sample(("Industry", "Type", "CALENDAR_YEAR(CreatedDate)"), dice.randint(1, 2))
        aggregates = dice.sample(
            ("COUNT(Id)", "SUM(AnnualRevenue) total", "MAX(CreatedDate)", "COUNT_DISTINCT(Name) n"), 2
        )
        group = f"ROLLUP({', '.join(keys)})" if dice.random() < 0.2 else ", ".join(keys)
        having = self._maybe(" HAVING COUNT(Id) > 1")
        where = self._maybe(f" WHERE {self._condition(1)}")
        return f"SELECT {', '.join(keys + aggregates)} FROM Account{where} GROUP BY {group}{having}"

    def _count(self) -> str:
        return f"SELECT COUNT() FROM Account{self._where()}"

    def _order(self) -> str:
        dice = self._dice
        direction, nulls = (
            dice.choice(("", " ASC", " DESC")),
            dice.choice(("", " NULLS FIRST", " NULLS LAST")),
        )
        return f"{dice.choice(FIELDS)}{direction}{nulls}"

    def _condition(self, depth: int) -> str:
        dice = self._dice
        if depth == 0 or dice.random() < 0.4:
            return self._comparison()
        word = dice.choice((" AND ", " OR "))
        parts = []
        for _ in range(dice.randint(2, 3)):
            inner = self._condition(depth - 1)
            is_chain = re.search(r" (AND|OR) ", inner) is not None
            parts.append(f"({inner})" if is_chain else f"(NOT {inner})" if dice.random() < 0.2 else inner)
        return word.join(parts)

    def _comparison(self) -> str:
        dice = self._dice
        text, number = dice.choice(TEXT_FIELDS), dice.choice(NUMBER_FIELDS)
        listed = ", ".join(dice.sample(STRINGS, dice.randint(1, 3)))
        return dice.choice(
            (
                f"{text} {dice.choice(('=', '!=', '<', '>=', 'LIKE'))} {dice.choice(STRINGS)}",
                f"{text} {dice.choice(('IN', 'NOT IN'))} ({listed})",
                f"{text} {dice.choice(('=', '!='))} null",
                f"NumberOfEmployees {dice.choice(('>', '<=', '='))} {dice.choice(('5', '-1', '0'))}",
                f"{number} IN (1, 2)",
                f"AnnualRevenue {dice.choice(('>', '<', '!='))} {dice.choice(('1.5', '-0.25', '100'))}",
                f"CreatedDate {dice.choice(('=', '>', '<='))} {dice.choice(DATE_LITERALS)}",
                f"IsDeleted = {dice.choice(('true', 'FALSE'))}",
                f"CALENDAR_YEAR(CreatedDate) = {dice.choice(('2024', '2026'))}",
            )
        )


_INTRUDERS = (
    "AND",
    "OR",
    "NOT",
    ",",
    "(",
    ")",
    "FROM",
    "WHERE",
    "=",
    "'x'",
    "5",
    "LIMIT",
    "null",
    "BY",
    ";",
    "*",
)


def _break(text: str, dice: random.Random) -> Statement:
    """The statement with one word wrong."""
    words = _WORD.findall(text)
    place = dice.randrange(len(words))
    change = dice.choice(("drop", "double", "swap", "insert"))
    if change == "drop":
        words[place : place + 1] = []
    elif change == "double":
        words[place:place] = [words[place]]
    elif change == "swap":
        other = min(place + 1, len(words) - 1)
        words[place], words[other] = words[other], words[place]
    else:
        words[place:place] = [dice.choice(_INTRUDERS)]
    return Statement(" ".join(words), change)
