from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesforce_seg import errors
from salesforce_seg.answers import decisive, refusal
from salesforce_seg.error_table import RULES, remedy_for, rule_for
from salesforce_seg.errors import ApiError, Remedy, SalesforceError

ROWS = {
    ("UNABLE_TO_LOCK_ROW", ""): Remedy.RETRY_ROW,
    ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "X: UNABLE_TO_LOCK_ROW"): Remedy.RETRY_ROW,
    ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "Apex CPU time limit exceeded"): Remedy.RETRY_ROW,
    ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "a trigger says no"): Remedy.REJECT_RECORD,
    ("ALL_OR_NONE_OPERATION_ROLLED_BACK", ""): Remedy.RETRY_ROW,
    ("DUPLICATES_DETECTED", "Use one of these records?"): Remedy.REROUTE,
    ("DUPLICATE_VALUE", "duplicate value found: X duplicates value on record with id: 001"): Remedy.REROUTE,
    ("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead"): Remedy.REROUTE,
    ("ENTITY_IS_DELETED", "entity is deleted"): Remedy.REROUTE,
    ("REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]"): Remedy.REJECT_RECORD,
    ("STRING_TOO_LONG", ""): Remedy.REJECT_RECORD,
    ("INVALID_FIELD", "No such column 'x'"): Remedy.REJECT_RECORD,
    ("INSUFFICIENT_ACCESS_OR_READONLY", ""): Remedy.REJECT_RECORD,
    ("STORAGE_LIMIT_EXCEEDED", ""): Remedy.FATAL,
    ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."): Remedy.STOP_QUOTA,
    ("SOMETHING_NEW", ""): Remedy.REJECT_RECORD,
}
REQUESTS = {
    (401, "INVALID_SESSION_ID", ""): Remedy.RELOGIN,
    (400, "InvalidSessionId", "Invalid session id"): Remedy.RELOGIN,
    (401, "", ""): Remedy.RELOGIN,
    (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."): Remedy.STOP_QUOTA,
    (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded."): Remedy.RETRY,
    (400, "ExceededQuota", ""): Remedy.STOP_QUOTA,
    (503, "", ""): Remedy.RETRY,
    (406, "CustomNotAcceptable", ""): Remedy.RETRY,
    (400, "JSON_PARSER_ERROR", ""): Remedy.SPLIT,
    (400, "INVALID_FIELD", "No such column 'foo' on sobject of type Bar"): Remedy.SPLIT,
    (400, "INVALID_FIELD", "No such column 'CleanStatus' on entity 'Account'."): Remedy.CHANGE_QUERY,
    (400, "INVALID_FIELD", "field X can not be filtered in a query call"): Remedy.CHANGE_QUERY,
    (400, "INVALID_QUERY_LOCATOR", ""): Remedy.CHANGE_QUERY,
    (400, "MALFORMED_QUERY", "a filter on a reified column is required [x]"): Remedy.SKIP_OBJECT,
    (400, "INVALIDENTITY", "CustomEntity is not supported by the Bulk API"): Remedy.SKIP_OBJECT,
    (400, "InvalidEntity", ""): Remedy.SKIP_OBJECT,
    (404, "NOT_FOUND", "The requested resource does not exist"): Remedy.SKIP_OBJECT,
    (403, "API_DISABLED_FOR_ORG", ""): Remedy.FATAL,
    (410, "", ""): Remedy.FATAL,
    (414, "", ""): Remedy.CHANGE_QUERY,
    (431, "", ""): Remedy.CHANGE_QUERY,
    (409, "", ""): Remedy.FATAL,
}


@pytest.mark.parametrize(("answer", "remedy"), ROWS.items())
def test_what_a_row_error_asks_for(answer: tuple[str, str], remedy: Remedy) -> None:
    assert remedy_for(0, *answer) is remedy


@pytest.mark.parametrize(("answer", "remedy"), REQUESTS.items())
def test_what_a_request_error_asks_for(answer: tuple[int, str, str], remedy: Remedy) -> None:
    assert remedy_for(*answer) is remedy


@given(st.integers(0, 599), st.text(), st.text())
def test_there_is_a_rule_for_everything(status: int, code: str, message: str) -> None:
    assert rule_for(status, code, message) in RULES


@given(st.sampled_from([rule for rule in RULES if rule.codes]), st.data())
def test_codes_are_known_in_every_spelling(rule: Any, data: st.DataObject) -> None:
    code = data.draw(st.sampled_from(sorted(rule.codes)))
    for status in (0, 400):
        spelled = {rule_for(status, form) for form in (code, code.lower(), code.title(), "_".join(code))}
        assert len(spelled) == 1


def test_the_entry_that_matters_most_decides() -> None:
    told = [
        ApiError("REQUIRED_FIELD_MISSING", "missing"),
        ApiError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    ]
    assert decisive(400, told)[0].code == "REQUEST_LIMIT_EXCEEDED"
    assert isinstance(refusal("POST x", 403, told), errors.QuotaExhausted)
    assert refusal("POST x", 403, told).errors == tuple(told)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["errorCode", "statusCode", "message", "fields", "error", "x"]), inner
            )
        ),
    ),
    st.integers(300, 599),
)
def test_no_shape_of_an_error_body_is_a_crash(body: Any, status: int) -> None:
    error = refusal("GET x", status, ApiError.list_from_json(body))
    assert str(error).startswith("GET x: ")
    assert "\n" not in str(error)
    assert len(str(error)) < 1200


def test_shapes_that_salesforce_uses() -> None:
    assert ApiError.from_json({"statusCode": "X", "message": "m", "fields": ["A__c"]}).fields == ("A__c",)
    assert ApiError.from_json({"error": "invalid_grant", "error_description": "why"}).message == "why"
    assert ApiError.list_from_json({"errorCode": "X", "message": "m"})[0].code == "X"
    entry = {"errorCode": "DUPLICATES_DETECTED", "message": "m", "duplicateResut": {"matchResults": []}}
    assert ApiError.from_json(entry).details == entry
    assert str(ApiError("X", "\n  text ")) == "X: text"


def test_every_error_knows_its_exit_code_and_place_in_the_tree() -> None:
    tree = {
        "ConfigurationError": ("SalesforceError", 2),
        "QuotaExhausted": ("SalesforceError", 3),
        "RunFailed": ("SalesforceError", 1),
        "ServerUnavailable": ("RunFailed", 1),
        "ObjectUnavailable": ("SalesforceError", 1),
        "QueryRefused": ("SalesforceError", 1),
        "InvalidQueryLocator": ("QueryRefused", 1),
        "QueryTimeout": ("QueryRefused", 1),
        "QueryTooLong": ("QueryRefused", 1),
        "RecordRejected": ("SalesforceError", 1),
    }
    for name, (base, exit_code) in tree.items():
        error = getattr(errors, name)
        assert error.__base__.__name__ == base
        assert error.exit_code == exit_code
    declared = {
        name
        for name, each in vars(errors).items()
        if isinstance(each, type) and issubclass(each, SalesforceError)
    }
    assert declared == {*tree, "SalesforceError"}


def test_advice_is_written_as_sentences() -> None:
    for rule in RULES:
        assert not rule.advice or re.fullmatch(r"[A-Z].*[.m]", rule.advice), rule.advice
