"""The types a custom field can have: the Metadata API's names, and what a describe shows for each."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FieldType:
    """A type of custom field.

    Attributes:
        describe_type: The type's name in a describe.
        flags: Letters of what it can do: f filterable, s sortable, g groupable, a aggregatable.
        sizes: Its sizes and their defaults.
        facts: What else is special: ``autoNumber``, ``encrypted``, ``masterDetail``.
        extra_type_info: Describe's ``extraTypeInfo``.
        writable: Whether its value can be written.
    """

    describe_type: str
    flags: str
    sizes: dict[str, int] = field(default_factory=dict)
    facts: frozenset[str] = frozenset()
    extra_type_info: str | None = None
    writable: bool = True

    @property
    def formula_flags(self) -> str:
        """The same letters for a formula of this type: it cannot be grouped by."""
        return self.flags.replace("g", "")


_NUMBER = {"precision": 18, "scale": 0}
_MONEY = {"precision": 18, "scale": 2}

FIELD_TYPES = {
    "Text": FieldType("string", "fsga", {"length": 255}),
    "TextArea": FieldType("textarea", "fsga", {"length": 255}, extra_type_info="plaintextarea"),
    "LongTextArea": FieldType("textarea", "", {"length": 32_768}, extra_type_info="plaintextarea"),
    "Html": FieldType("textarea", "", {"length": 32_768}, extra_type_info="richtextarea"),
    "EncryptedText": FieldType("encryptedstring", "", {"length": 175}, frozenset({"encrypted"})),
    "Number": FieldType("double", "fsa", _NUMBER),
    "Currency": FieldType("currency", "fsa", _MONEY),
    "Percent": FieldType("percent", "fsa", _MONEY),
    "Checkbox": FieldType("boolean", "fsg"),
    "Date": FieldType("date", "fsga"),
    "DateTime": FieldType("datetime", "fsa"),
    "Time": FieldType("time", "fsg"),
    "Email": FieldType("email", "fsga", {"length": 80}),
    "Phone": FieldType("phone", "fsga", {"length": 40}),
    "Url": FieldType("url", "fsga", {"length": 255}),
    "Picklist": FieldType("picklist", "fsga", {"length": 255}),
    "MultiselectPicklist": FieldType("multipicklist", "f", {"length": 4099}),
    "Lookup": FieldType("reference", "fsga", {"length": 18}),
    "MasterDetail": FieldType("reference", "fsga", {"length": 18}, frozenset({"masterDetail"})),
    "AutoNumber": FieldType("string", "fsa", {"length": 30}, frozenset({"autoNumber"}), writable=False),
    "Location": FieldType("location", "f", writable=False),
}

_DESCRIBE_NAMES = {
    "string": "Text",
    "double": "Number",
    "int": "Number",
    "boolean": "Checkbox",
    "multipicklist": "MultiselectPicklist",
    "reference": "Lookup",
    "encryptedstring": "EncryptedText",
}
_BY_LOWER_NAME = {name.lower(): kind for name, kind in FIELD_TYPES.items()}


def find_type(name: str) -> FieldType | None:
    """The type of a Metadata API name or a describe name, in any case."""
    wanted = name.lower()
    return _BY_LOWER_NAME.get(_DESCRIBE_NAMES.get(wanted, wanted).lower())
