"""Amounts of a multi-currency org: each record has its own currency, and each currency its rate.

"Querying Currency Fields in Multicurrency Orgs" in the SOQL and SOSL reference: a number compares with the
amount as it stands, an ISO code before it with what the amount is worth; aggregates are in the org's own
currency. The user's currency is the org's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from salesforce_local_org.soql.render import Column
    from salesforce_local_org.soql.scope import Context
    from salesforce_local_org.soql.tree import Literal

_CODE = "CurrencyIsoCode"
_CODE_LENGTH = 3
_RATE = '(SELECT "ConversionRate" FROM "CurrencyType" WHERE "IsoCode" = {0})'
OWN_CODE = '(SELECT "IsoCode" FROM "CurrencyType" WHERE "IsCorporate" = 1)'
"""The org's own currency, in SQL."""


def is_converted(context: Context, column: Column) -> bool:
    """Whether a column holds amounts whose currency is not always the org's own."""
    return column.type == "currency" and context.schema.features["multi_currency"]


def worth(column: Column) -> str:
    """An amount in the org's own currency, in SQL; what no record holds is in that currency already."""
    code = code_of(column)
    return f"({column.sql} / {_RATE.format(code)})" if code else column.sql


def code_of(column: Column) -> str | None:
    """The currency of a column's record, in SQL; None for a column that belongs to no record."""
    field = column.source.sobject.field(_CODE) if column.source else None
    return column.source.column(field) if column.source and field else None


def literal_worth(context: Context, column: Column, literal: Literal) -> str:
    """What a literal such as ``EUR5000`` is worth in the org's own currency, in SQL.

    Raises:
        SoqlError: INVALID_FIELD: the org has no such currency.
    """
    code, amount = literal.text[:_CODE_LENGTH].upper(), float(literal.text[_CODE_LENGTH:])
    field = column.source.sobject.field(_CODE) if column.source else None
    if field and code not in {each.value for each in field.picklist_values if each.active}:
        raise context.error(
            "INVALID_FIELD", literal.start, f"invalid or inactive currency: {code}", literal.end
        )
    return f"({context.bind(amount)} / {_RATE.format(context.bind(code))})"
