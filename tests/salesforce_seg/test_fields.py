"""The type table: REST and Bulk CSV give the same Singer value, and what goes in comes out."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import jsonschema
import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from salesforce_seg import fields
from salesforce_seg.describe import FieldDescribe, SObjectDescribe
from salesforce_seg.exact_json import decode_json
from salesforce_seg.same_values import same_value

if TYPE_CHECKING:
    from local_org_client import OrgClient

encode = msgspec.json.Encoder(decimal_format="number").encode

TEXTS = {"string", "textarea", "phone", "url", "email", "picklist", "combobox", "multipicklist", "anyType"}
TEXTS |= {"encryptedstring", "datacategorygroupreference", "complexvalue", "json", "masterrecord", "base64"}
NUMBERS = {"double", "currency", "percent"}
INTEGERS = {"int", "long"}
OTHERS = {"id", "reference", "boolean", "date", "datetime", "time", "address", "location"}


def field(kind: str, **more: Any) -> FieldDescribe:
    return FieldDescribe("Field", type=kind, **more)


def singer_of_rest(kind: str, body: bytes) -> Any:
    value = decode_json(body)
    read = fields.rest_reader(kind)
    return value if read is None else read(value)


def test_the_table_knows_every_type_a_describe_shows() -> None:
    known = TEXTS | NUMBERS | INTEGERS | OTHERS
    assert all(fields.is_known(kind) for kind in known)
    assert set(fields.TYPES) == known
    assert not fields.is_known("hologram")


# Schemas


@pytest.mark.parametrize("kind", sorted(TEXTS | NUMBERS | INTEGERS | OTHERS | {"hologram"}))
def test_everything_but_an_id_may_be_null(kind: str) -> None:
    schema = fields.json_schema(field(kind))
    jsonschema.Draft7Validator.check_schema(schema)
    expected = (
        "string" if kind in TEXTS | {"id", "reference", "date", "datetime", "time", "hologram"} else None
    )
    expected = expected or {"boolean": "boolean"}.get(kind) or ("integer" if kind in INTEGERS else None)
    expected = expected or ("number" if kind in NUMBERS else "object")
    assert schema["type"] == (expected if kind == "id" else [expected, "null"])
    assert schema.get("format") == {"date": "date", "datetime": "date-time"}.get(kind)


def test_address_keys_in_either_spelling() -> None:
    assert list(fields.json_schema(field("address"))["properties"]) == list(fields.ADDRESS_KEYS)
    assert list(fields.json_schema(field("address"), snake_case=True)["properties"]) == [
        *("street", "city", "state", "state_code", "postal_code", "country", "country_code"),
        *("latitude", "longitude", "geocode_accuracy"),
    ]
    assert list(fields.json_schema(field("location"))["properties"]) == ["latitude", "longitude"]


# Reading: a stored value, how REST and Bulk may spell it, and the one Singer value

DIGITS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**17), max_value=10**17, places=4)


def spellings(number: Decimal) -> set[str]:
    plain = f"{number:f}"
    shortest = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return {
        plain,
        shortest,
        f"{number:E}",
        f"{number:e}",
        f"{shortest}.0" if "." not in shortest else shortest,
    }


@given(
    DIGITS | st.decimals(allow_nan=False, allow_infinity=False), st.sampled_from(sorted(NUMBERS | INTEGERS))
)
@example(Decimal(300), "double")
@example(Decimal("12345678901234567.8"), "currency")
@example(Decimal("-0"), "double")
@example(Decimal(1598452237198863360), "currency")
@example(Decimal("1E+7"), "double")
@example(Decimal("0.1"), "percent")
def test_numbers_are_the_same_however_they_are_spelled(number: Decimal, kind: str) -> None:
    told = {encode(fields.csv_reader(kind)(text)) for text in spellings(number)}
    told |= {encode(singer_of_rest(kind, text.encode())) for text in spellings(number)}
    assert len(told) == 1
    [only] = told
    assert Decimal(only.decode()) == number
    assert not only.endswith(b".0")
    if number == number.to_integral_value() and abs(number) < 10**17:
        assert only.decode() == str(int(number))


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_what_json_cannot_hold_is_null(text: str) -> None:
    assert fields.csv_reader("double")(text) is None


@given(st.datetimes(min_value=datetime(1700, 1, 1), max_value=datetime(4000, 12, 31)), st.integers(-14, 14))
def test_moments_are_the_same_in_every_form(moment: datetime, hours: int) -> None:
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}"
    shifted = (moment + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.") + text[-3:]
    forms = {
        f"{text}+0000",
        f"{text}Z",
        f"{text}+00:00",
        f"{shifted}{hours:+03d}00",
        f"{shifted}{hours:+03d}:00",
    }
    read = fields.rest_reader("datetime")
    assert read is not None
    assert {read(form) for form in forms} | {fields.csv_reader("datetime")(form) for form in forms} == {
        f"{text}Z"
    }


@pytest.mark.parametrize(
    ("kind", "rest", "cell", "singer"),
    [
        ("string", '"Ünï\\r\\n\\"q\\""', 'Ünï\r\n"q"', 'Ünï\r\n"q"'),
        ("boolean", "true", "true", True),
        ("boolean", "false", "false", False),
        ("date", '"2026-01-31"', "2026-01-31", "2026-01-31"),
        (
            "datetime",
            '"2026-01-31T23:59:58.000+0000"',
            "2026-01-31T23:59:58.000Z",
            "2026-01-31T23:59:58.000Z",
        ),
        ("time", '"13:30:00.000Z"', "13:30:00.000Z", "13:30:00.000Z"),
        ("time", '"13:30:00Z"', "13:30:00.000", "13:30:00.000Z"),
        ("int", "42", "42", 42),
        ("int", "42", "42.0", 42),
        ("double", "300.0", "300.0", 300),
        ("double", "9.12260031E8", "9.12260031E8", 912260031),
        ("multipicklist", '"A;B"', "A;B", "A;B"),
        ("anyType", '"007"', "007", "007"),
        ("anyType", "7", "7", "7"),
        ("anyType", "true", "true", "true"),
        ("hologram", '"x"', "x", "x"),
        ("hologram", '{"a":[1]}', '{"a":[1]}', '{"a":[1]}'),
        ("id", '"001000000000001AAA"', "001000000000001AAA", "001000000000001AAA"),
        ("string", '"NA"', "NA", "NA"),
        ("string", '"null"', "null", "null"),
    ],
)
def test_both_readers_agree(kind: str, rest: str, cell: str, singer: Any) -> None:
    assert singer_of_rest(kind, rest.encode()) == fields.csv_reader(kind)(cell) == singer
    assert type(fields.csv_reader(kind)(cell)) is type(singer)


@pytest.mark.parametrize("kind", sorted(TEXTS | NUMBERS | INTEGERS | OTHERS | {"hologram"}))
def test_null_is_null(kind: str) -> None:
    assert singer_of_rest(kind, b"null") is None
    assert fields.csv_reader(kind)("") is None


FULL_ADDRESS = {
    "city": "Bonn",
    "country": "Germany",
    "countryCode": "DE",
    "geocodeAccuracy": None,
    "latitude": 50.7,
    "longitude": 7.0,
    "postalCode": "53111",
    "state": None,
    "stateCode": None,
    "street": "Am Markt 1\r\nHinterhaus",
}


def test_an_address_always_has_its_ten_keys() -> None:
    read, read_snake = fields.rest_reader("address"), fields.rest_reader("address", snake_case=True)
    assert read is not None
    assert read_snake is not None
    assert list(read({"city": "Bonn", "unknownKey": 1})) == list(fields.ADDRESS_KEYS)
    assert read({"city": "Bonn"})["street"] is None
    assert read(dict.fromkeys(fields.ADDRESS_KEYS)) is None
    assert read_snake(FULL_ADDRESS)["postal_code"] == "53111"
    assert encode(read(FULL_ADDRESS)["longitude"]) == b"7"


def test_an_address_from_its_parts_is_the_same() -> None:
    parts = [
        FieldDescribe(
            f"Billing{key[0].upper()}{key[1:]}", type="string", compound_field_name="BillingAddress"
        )
        for key in fields.ADDRESS_KEYS
    ]
    custom = [
        FieldDescribe(f"Site__{key[0].upper()}{key[1:]}__s", type="double", compound_field_name="Site__c")
        for key in fields.LOCATION_KEYS
    ]
    other = FieldDescribe("ShippingCity", compound_field_name="ShippingAddress")
    billing, site = FieldDescribe("BillingAddress", type="address"), FieldDescribe("Site__c", type="location")
    account = SObjectDescribe("Account", fields=(*parts, *custom, other, billing, site))
    found = fields.compound_parts(account, billing)
    assert {key: each.name for key, each in found.items()} == dict(
        zip(fields.ADDRESS_KEYS, [each.name for each in parts], strict=True)
    )
    assert set(fields.compound_parts(account, site)) == {"latitude", "longitude"}
    read = fields.rest_reader("address", snake_case=True)
    assert read is not None
    assert fields.compound_value("address", FULL_ADDRESS, snake_case=True) == read(FULL_ADDRESS)
    assert fields.compound_value("address", {"city": None}) is None
    assert fields.compound_value("location", {"latitude": 1, "longitude": None}) == {
        "latitude": 1,
        "longitude": None,
    }


# What went in is what comes out: through an org

SAMPLES: dict[str, tuple[str, dict[str, Any], list[Any]]] = {
    "Text": ("Text__c", {"length": 40}, ["Kim", "Ünï 😀", "a'b\"c\\", "n/a", "#N/A", "42", " padded "]),
    "LongTextArea": ("Long__c", {"length": 32768, "visibleLines": 3}, ["a\r\nb", "a\nb", "x" * 5000]),
    "Number": (
        "Number__c",
        {"precision": 18, "scale": 2},
        [0, "10000", 1.5, "0.126", -7, "1234567890123456.78"],
    ),
    "Checkbox": ("Check__c", {"defaultValue": "false"}, [True, "false", 1]),
    "Date": ("Date__c", {}, ["2026-01-31", "2026-01-31T23:00:00-05:00", "1700-01-01"]),
    "DateTime": ("Moment__c", {}, ["2026-01-31T23:59:59.999Z", "2026-01-31T23:59:59-05:30", "2026-01-31"]),
    "Email": ("Mail__c", {}, ["kim@example.com"]),
    "Url": ("Url__c", {}, ["https://example.com/?a=b&c=d"]),
}


@pytest.fixture
def leads(org: OrgClient) -> OrgClient:
    for kind, (name, metadata, _) in SAMPLES.items():
        org.custom_field(f"Lead.{name}", kind, **metadata)
    return org


def rows_of_bulk(org: OrgClient, query: str) -> list[dict[str, str]]:
    job = org.rest("POST", "jobs/query", json={"operation": "query", "query": query}).json()["id"]
    for _ in range(1000):
        state = org.rest("GET", f"jobs/query/{job}").json()["state"]
        if state not in {"UploadComplete", "InProgress"}:
            break
    assert state == "JobComplete"
    text = org.rest("GET", f"jobs/query/{job}/results").content.decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_what_is_written_is_read_back_and_counts_as_the_same(leads: OrgClient) -> None:
    described = SObjectDescribe.from_json(leads.rest("GET", "sobjects/Lead/describe").json())
    for name, _, samples in SAMPLES.values():
        custom = described.field(name)
        assert custom is not None
        wanted = [fields.write_value(custom, sample) for sample in samples]
        rows = [{"LastName": "Kim", "Company": "A", name: value} for value in wanted]
        body = encode([{"attributes": {"type": "Lead"}} | row for row in rows])
        sent = leads.rest(
            "POST",
            "composite/sobjects",
            data=b'{"records":' + body + b"}",
            headers={"Content-Type": "application/json"},
        ).json()
        ids = [row["id"] for row in sent]
        query = f"SELECT Id, {name} FROM Lead ORDER BY Id"
        rest = decode_json(leads.rest("GET", "query", params={"q": query}).content)["records"]
        rest = [row for row in rest if row["Id"] in ids]
        assert len(rest) == len(wanted)
        for row, value in zip(rest, wanted, strict=True):
            assert same_value(custom, row[name], value), (name, row[name], value)
        bulk = {row["Id"]: row[name] for row in rows_of_bulk(leads, query.replace(" ORDER BY Id", ""))}
        read = fields.rest_reader(custom.type) or (lambda same: same)
        for row in rest:
            assert encode(read(row[name])) == encode(fields.csv_reader(custom.type)(bulk[row["Id"]]))


def test_rest_and_bulk_give_the_demo_company_alike(demo_org: OrgClient) -> None:
    for sobject in ("Account", "Opportunity", "Lead"):
        described = SObjectDescribe.from_json(demo_org.rest("GET", f"sobjects/{sobject}/describe").json())
        flat = [each for each in described.fields if each.type not in {"address", "location"}]
        compounds = [each for each in described.fields if each.type in {"address", "location"}]
        query = f"SELECT {', '.join(each.name for each in flat)} FROM {sobject}"
        body = demo_org.rest(
            "GET",
            "query",
            params={"q": query.replace(" FROM", "".join(f", {each.name}" for each in compounds) + " FROM")},
        )
        bulk = {row["Id"]: row for row in rows_of_bulk(demo_org, query)}
        rest = decode_json(body.content)["records"]
        assert 10 < len(rest) <= len(bulk)
        for row in rest:
            cells = bulk[row["Id"]]
            values = {each.name: fields.csv_reader(each.type)(cells[each.name]) for each in flat}
            for each in flat:
                read = fields.rest_reader(each.type) or (lambda same: same)
                assert encode(read(row[each.name])) == encode(values[each.name]), each.name
            for each in compounds:
                read = fields.rest_reader(each.type, snake_case=True)
                assert read is not None
                parts = fields.compound_parts(described, each)
                assert parts
                built = {key: values[part.name] for key, part in parts.items()}
                assert encode(read(row[each.name])) == encode(
                    fields.compound_value(each.type, built, snake_case=True)
                )
