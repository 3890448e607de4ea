"""One form for every number, whether REST wrote it as ``300.0`` or Bulk as ``3.0E2``."""

from __future__ import annotations

from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, InvalidOperation

MOST_INTEGER_DIGITS = 18
"""Salesforce numbers have at most 18 digits; longer ones only come from scientific notation."""

_TOO_LONG = 10**MOST_INTEGER_DIGITS

_EXACT = Context(prec=2000, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""Takes zeros off the end of a Decimal without rounding it."""


def plain_number(value: str | float | Decimal) -> int | float | Decimal | None:
    """A number without a needless ``.0`` and without loss of digits.

    Args:
        value: A number, or its text in plain or scientific notation.

    Returns:
        An int when it is a whole number of at most 18 digits; else a float when a float holds it exactly
        as written; else a Decimal. None for NaN and infinities, which JSON cannot hold.

    Raises:
        ValueError: The text is not a number.
    """
    if type(value) is int and abs(value) < _TOO_LONG:
        return value
    if type(value) is Decimal:
        text = str(value)
        if repr(short := float(text)) == text and not short.is_integer():
            return short
    try:
        number = Decimal(value if isinstance(value, Decimal) else str(value).strip())
    except InvalidOperation:
        raise ValueError(f"{value!r} is not a number") from None
    if not number.is_finite():
        return None
    if number.adjusted() < MOST_INTEGER_DIGITS and number == number.to_integral_value():
        return int(number)
    rounded = float(number)
    return rounded if Decimal(repr(rounded)) == number else _EXACT.normalize(number)


def number_text(value: float | Decimal) -> str:
    """A number as text without an exponent: ``10000000`` rather than ``1E+7``."""
    return f"{Decimal(str(value)):f}"
