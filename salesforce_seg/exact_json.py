"""JSON in and out without the loss of a digit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


def decode_json(text: bytes | str) -> Any:
    """Decode JSON, numbers with a point or exponent as Decimal.

    Raises:
        ValueError: It is not JSON.
    """
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error)) from None


def encode_json(value: Any) -> bytes:
    """Encode as JSON: Decimals as numbers with all their digits, dates and date-times in ISO form."""
    return _encoder.encode(value)
