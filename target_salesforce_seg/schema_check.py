"""Checks records by their schema: a quick yes for those that surely fit it, jsonschema for the rest.

jsonschema takes far longer for a record than everything else that becomes of it. Nearly all records fit, and
most schemas say little more than types, so that most can be let by without it. It alone refuses records.
"""

from __future__ import annotations

from decimal import Decimal
from types import NoneType
from typing import TYPE_CHECKING, Any

from jsonschema import validators  # type: ignore[import-untyped]
from singer_sdk.sinks.core import JSONSchemaValidator
from singer_sdk.typing import DEFAULT_JSONSCHEMA_VALIDATOR

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_CLASSES: dict[str, frozenset[type]] = {
    "array": frozenset({list}),
    "boolean": frozenset({bool}),
    "integer": frozenset({int}),
    "null": frozenset({NoneType}),
    "number": frozenset({int, float, Decimal}),
    "object": frozenset({dict}),
    "string": frozenset({str}),
}
"""What a value of a type is when it comes from JSON. That 1.0 is an integer, too, is left to jsonschema."""

_NUMBERS = _CLASSES["number"]
_LIMITS: dict[str, tuple[frozenset[type], Callable[[Any, Any], bool]]] = {
    "maxLength": (_CLASSES["string"], lambda value, limit: len(value) <= limit),
    "minLength": (_CLASSES["string"], lambda value, limit: len(value) >= limit),
    "maximum": (_NUMBERS, lambda value, limit: value <= limit),
    "minimum": (_NUMBERS, lambda value, limit: value >= limit),
}
_READ = frozenset({"type", "properties", "required", "additionalProperties", "items", "anyOf", *_LIMITS})
_DECISIVE = frozenset(DEFAULT_JSONSCHEMA_VALIDATOR.VALIDATORS) - {"format"}
"""Keywords by which a record can be refused: formats are not checked, and unknown ones mean nothing."""


def _is_integer(_checker: Any, value: Any) -> bool:
    """As JSON Schema has it, 1.0 is an integer; numbers with a point are read as Decimal."""
    if isinstance(value, Decimal):
        return value.is_finite() and value == value.to_integral_value()
    return bool(DEFAULT_JSONSCHEMA_VALIDATOR.TYPE_CHECKER.is_type(value, "integer"))


_Validator = validators.extend(
    DEFAULT_JSONSCHEMA_VALIDATOR,
    type_checker=DEFAULT_JSONSCHEMA_VALIDATOR.TYPE_CHECKER.redefine("integer", _is_integer),
)


class RecordValidator(JSONSchemaValidator):
    """singer-sdk's validator, asked only for records that may be against the schema."""

    def __init__(self, schema: dict[str, Any]) -> None:
        super().__init__(schema)
        self.validator = _Validator(schema, format_checker=self.validator.format_checker)
        self._surely_fits = surely_fits(schema)

    def validate(self, record: dict[str, Any]) -> None:
        """Check a record.

        Raises:
            InvalidRecord: It is against the schema; with jsonschema's words.
        """
        if not self._surely_fits(record):
            super().validate(record)


def surely_fits(schema: Any) -> Callable[[Any], bool]:
    """A test that no value passes that is against a schema; values that fit may fail it.

    Args:
        schema: A JSON schema, or a part of one.
    """
    if not isinstance(schema, dict):
        return _anything if schema is True else _nothing
    decisive = _DECISIVE & schema.keys()
    if not decisive <= _READ:
        return _nothing
    classes = _classes(schema)
    tests: list[Callable[[Any], bool]] = []
    if decisive & {"properties", "required", "additionalProperties"}:
        tests.append(_object_test(schema))
    if "items" in decisive:
        tests.append(_items_test(schema["items"]))
    if "anyOf" in decisive:
        tests.append(_any_test([surely_fits(each) for each in schema["anyOf"]]))
    tests += [_limit_test(name, schema[name]) for name in _LIMITS if name in decisive]
    return _all_test(classes, tests)


def _classes(schema: Mapping[str, Any]) -> frozenset[type] | None:
    """The classes that a schema's types allow; None if it says nothing of types."""
    types = schema.get("type")
    if types is None:
        return None
    names = [types] if isinstance(types, str) else types
    return frozenset().union(*(_CLASSES.get(name, ()) for name in names))


def _anything(_value: Any) -> bool:
    return True


def _nothing(_value: Any) -> bool:
    return False


def _all_test(classes: frozenset[type] | None, tests: list[Callable[[Any], bool]]) -> Callable[[Any], bool]:
    if classes is None and len(tests) <= 1:
        return tests[0] if tests else _anything
    if classes is None:
        return lambda value: all(test(value) for test in tests)
    if not tests:
        return lambda value: value.__class__ in classes
    if len(tests) == 1:
        only = tests[0]
        return lambda value: value.__class__ in classes and only(value)
    return lambda value: value.__class__ in classes and all(test(value) for test in tests)


def _object_test(schema: Mapping[str, Any]) -> Callable[[Any], bool]:
    """Of an object's members; what is no object is not its matter."""
    properties = schema.get("properties", {})
    required = tuple(schema.get("required", ()))
    others = surely_fits(schema.get("additionalProperties", True))
    open_to_others = others is _anything
    leaves: dict[str, frozenset[type]] = {}
    tests: dict[str, Callable[[Any], bool]] = {}
    for name, each in properties.items():
        if isinstance(each, dict) and _DECISIVE & each.keys() == {"type"}:
            leaves[name] = _classes(each) or frozenset()
        else:
            tests[name] = surely_fits(each)

    def fits(value: Any) -> bool:
        if value.__class__ is not dict:
            return not isinstance(value, dict)
        for name, inner in value.items():
            classes = leaves.get(name)
            if classes is not None:
                if inner.__class__ not in classes:
                    return False
            elif name in tests:
                if not tests[name](inner):
                    return False
            elif not open_to_others and not others(inner):
                return False
        return all(name in value for name in required) if required else True

    return fits if leaves or tests or required or not open_to_others else _anything


def _items_test(schema: Any) -> Callable[[Any], bool]:
    test = surely_fits(schema)
    return lambda value: value.__class__ is not list or all(map(test, value))


def _any_test(tests: list[Callable[[Any], bool]]) -> Callable[[Any], bool]:
    return lambda value: any(test(value) for test in tests)


def _limit_test(name: str, limit: Any) -> Callable[[Any], bool]:
    classes, keeps = _LIMITS[name]
    return lambda value: value.__class__ not in classes or keeps(value, limit)
