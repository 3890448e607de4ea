"""Which answer of Salesforce means what to do, as data.

Sources: REST API Developer Guide, "Status Codes and Error Responses"; SOAP API Developer Guide,
"ExceptionCode" and "StatusCode"; the classes themselves are this project's judgement.
"""

from __future__ import annotations

import re

from salesforce_seg.error_rules import Rule, normalised
from salesforce_seg.errors import (
    ConfigurationError,
    InvalidQueryLocator,
    ObjectUnavailable,
    QueryRefused,
    QueryTimeout,
    QueryTooLong,
    QuotaExhausted,
    RecordRejected,
    Remedy,
    RunFailed,
    ServerUnavailable,
)

ROW = 0
"""The status of an error of one row: it has no HTTP status of its own."""

_REQUEST = range(1, 600)


def _codes(text: str) -> frozenset[str]:
    return frozenset(normalised(code) for code in text.split())


def _text(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _status(*statuses: int) -> frozenset[int]:
    return frozenset(statuses)


_SESSION_RULES = (
    Rule(
        Remedy.RELOGIN,
        ConfigurationError,
        codes=_codes("INVALID_SESSION_ID INVALID_AUTH_HEADER"),
        unprocessed=True,
    ),
    Rule(Remedy.RELOGIN, ConfigurationError, statuses=_status(401), unprocessed=True),
)

_LIMIT_RULES = (
    Rule(
        Remedy.RETRY,
        ServerUnavailable,
        codes=_codes("REQUEST_LIMIT_EXCEEDED"),
        message=_text("concurrent"),
        unprocessed=True,
        first_wait=5,
        advice="Too many long-running requests are under way in this org. Run again at a quieter time.",
    ),
    Rule(
        Remedy.STOP_QUOTA,
        QuotaExhausted,
        codes=_codes("REQUEST_LIMIT_EXCEEDED EXCEEDED_QUOTA"),
        unprocessed=True,
        advice="The org's API requests of the last 24 hours are used up. The state is kept: run again later.",
    ),
    Rule(
        Remedy.STOP_QUOTA,
        QuotaExhausted,
        message=_text(r"max bulk v2 query (?:jobs|result size)"),
        unprocessed=True,
        advice="The org's Bulk API limit of the last 24 hours is used up. The state is kept: run again "
        "later.",
    ),
    Rule(Remedy.RETRY, ServerUnavailable, statuses=_status(429), unprocessed=True, first_wait=5),
)

_FATAL_RULES = (
    Rule(
        Remedy.FATAL,
        ConfigurationError,
        codes=_codes("API_DISABLED_FOR_ORG API_CURRENTLY_DISABLED"),
        advice="API access is off for this org or user: the edition must include it (Enterprise and up), "
        "and the user's profile needs the permission API Enabled.",
    ),
    Rule(
        Remedy.FATAL,
        ConfigurationError,
        codes=_codes("INVALID_OPERATION_WITH_EXPIRED_PASSWORD"),
        advice="The user's password has expired: log in with a browser, set a new one, and put it and "
        "the new security token (it changes with the password) into the config.",
    ),
    Rule(
        Remedy.FATAL,
        ConfigurationError,
        codes=_codes("UNSUPPORTED_API_VERSION INVALID_VERSION"),
        advice="This org does not answer that API version: change api_version, or leave it out.",
    ),
    Rule(
        Remedy.FATAL,
        ConfigurationError,
        statuses=_status(410),
        advice="Salesforce has retired this API version: change api_version, or leave it out.",
    ),
    Rule(
        Remedy.FATAL,
        RunFailed,
        codes=_codes("STORAGE_LIMIT_EXCEEDED LICENSE_LIMIT_EXCEEDED"),
        advice="The org's storage or licences are used up: free some, or ask the administrator for more.",
    ),
)

_QUERY_RULES = (
    Rule(
        Remedy.CHANGE_QUERY,
        InvalidQueryLocator,
        codes=_codes("INVALID_QUERY_LOCATOR"),
        advice="The cursor of this query has expired (Salesforce keeps them two days): the query must "
        "start again.",
    ),
    Rule(
        Remedy.CHANGE_QUERY,
        QueryTimeout,
        codes=_codes("QUERY_TIMEOUT"),
        advice="The query takes Salesforce too long: ask for a shorter time span or for fewer fields.",
    ),
    Rule(
        Remedy.CHANGE_QUERY,
        QueryTooLong,
        codes=_codes("QUERY_TOO_COMPLICATED"),
        advice="Select fewer fields; formula fields weigh most.",
    ),
    Rule(
        Remedy.CHANGE_QUERY,
        QueryTooLong,
        statuses=_status(414, 431),
        advice="The URL is longer than Salesforce allows (16,384 bytes): select fewer fields.",
    ),
    Rule(
        Remedy.CHANGE_QUERY,
        QueryTooLong,
        codes=_codes("MALFORMED_QUERY"),
        message=_text("too long|longer than"),
        advice="Select fewer fields.",
    ),
    Rule(
        Remedy.CHANGE_QUERY,
        QueryRefused,
        codes=_codes("OPERATION_TOO_LARGE"),
        advice="The user needs the permission View All Data to read this object in full.",
    ),
    Rule(
        Remedy.SKIP_OBJECT,
        ObjectUnavailable,
        message=_text(
            "a filter on a reified column is required|implementation restriction|does not support query|"
            "not supported by the bulk api|binary field not supported|compound data not supported"
        ),
        advice="Salesforce does not let this object be read in this way.",
    ),
    Rule(
        Remedy.SKIP_OBJECT,
        ObjectUnavailable,
        codes=_codes("API_ERROR"),
        statuses=_REQUEST,
        message=_text(r"sobject type '\w+' is not supported"),
        advice="The org does not have this object, or the user may not use it.",
    ),
    Rule(
        Remedy.CHANGE_QUERY,
        QueryRefused,
        codes=_codes("INVALID_FIELD"),
        statuses=_REQUEST,
        message=_text("can not be (?:filtered|sorted)"),
        advice="Describe says otherwise of this field. The object can be read in full: set its "
        "replication_method to FULL_TABLE in the catalog, and no start_date.",
    ),
    Rule(
        Remedy.CHANGE_QUERY,
        QueryRefused,
        codes=_codes("INVALID_FIELD API_ERROR"),
        statuses=_REQUEST,
        message=_text("on entity|query call|duplicate field|error at row"),
        advice="The field is gone, or hidden from this user: run discovery again, or grant field-level "
        "security.",
    ),
    Rule(
        Remedy.CHANGE_QUERY,
        QueryRefused,
        codes=_codes(
            "MALFORMED_QUERY INVALID_QUERY_FILTER_OPERATOR INVALID_QUERY_SCOPE MALFORMED_SEARCH "
            "INVALID_REPLICATION_DATE EXCEEDED_ID_LIMIT"
        ),
    ),
)

_OBJECT_RULES = (
    Rule(
        Remedy.SKIP_OBJECT,
        ObjectUnavailable,
        codes=_codes(
            "INVALID_TYPE INVALID_TYPE_FOR_OPERATION INVALID_ENTITY "
            "EXTERNAL_OBJECT_UNSUPPORTED_EXCEPTION FUNCTIONALITY_NOT_ENABLED FEATURE_NOT_ENABLED "
            "TXN_SECURITY_METERING_ERROR LIMIT_EXCEEDED"
        ),
        advice="The org does not have this object, or the user may not use it.",
    ),
    Rule(
        Remedy.SKIP_OBJECT,
        ObjectUnavailable,
        codes=_codes("NOT_FOUND INSUFFICIENT_ACCESS INSUFFICIENT_ACCESS_OR_READONLY"),
        statuses=_REQUEST,
        advice="It does not exist in this org or in this api_version, or the user may not see it.",
    ),
)

_TRANSIENT_RULES = (
    Rule(
        Remedy.RETRY,
        ServerUnavailable,
        codes=_codes("UNABLE_TO_LOCK_ROW"),
        statuses=_REQUEST,
        unprocessed=True,
        advice="Somebody else is changing the same records.",
    ),
    Rule(
        Remedy.RETRY,
        ServerUnavailable,
        codes=_codes("SERVER_UNAVAILABLE UNKNOWN_EXCEPTION REQUEST_RUNNING_TOO_LONG TOO_MANY_APEX_REQUESTS"),
        statuses=_REQUEST,
        advice="Salesforce cannot do it at the moment: run again later.",
    ),
    Rule(Remedy.RETRY, ServerUnavailable, codes=_codes("CustomNotAcceptable"), unprocessed=True),
    Rule(Remedy.RETRY, ServerUnavailable, statuses=_status(406, 420), unprocessed=True),
    Rule(Remedy.RETRY, ServerUnavailable, statuses=_status(408)),
    Rule(
        Remedy.RETRY,
        ServerUnavailable,
        statuses=range(500, 600),
        advice="Salesforce is down or overloaded: see https://status.salesforce.com.",
    ),
)

_ROW_RULES = (
    Rule(
        Remedy.RETRY_ROW,
        RecordRejected,
        codes=_codes(
            "UNABLE_TO_LOCK_ROW RECORD_IN_USE_BY_WORKFLOW ENTITY_IS_LOCKED "
            "ALL_OR_NONE_OPERATION_ROLLED_BACK PROCESSING_HALTED SERVER_UNAVAILABLE UNKNOWN_EXCEPTION "
            "TOO_MANY_APEX_REQUESTS"
        ),
    ),
    Rule(
        Remedy.RETRY_ROW,
        RecordRejected,
        codes=_codes("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"),
        message=_text("unable_to_lock_row|too many soql queries|cpu time limit"),
    ),
    Rule(
        Remedy.REROUTE,
        RecordRejected,
        codes=_codes(
            "DUPLICATES_DETECTED DUPLICATE_EXTERNAL_ID CANNOT_UPDATE_CONVERTED_LEAD ENTITY_IS_DELETED "
            "NOT_FOUND"
        ),
    ),
    Rule(
        Remedy.REROUTE,
        RecordRejected,
        codes=_codes("DUPLICATE_VALUE"),
        message=_text("record with id|duplicate external id specified"),
    ),
    Rule(
        Remedy.REROUTE,
        RecordRejected,
        codes=_codes("INVALID_FIELD"),
        message=_text("foreign key external id"),
    ),
    Rule(
        Remedy.SPLIT,
        RecordRejected,
        codes=_codes("JSON_PARSER_ERROR INVALID_FIELD INVALID_BATCH"),
        statuses=_status(400),
    ),
)

_REMAINING_RULES = (
    Rule(Remedy.REJECT_RECORD, RecordRejected, statuses=_status(ROW, 400)),
    Rule(
        Remedy.FATAL,
        RunFailed,
        codes=frozenset({""}),
        statuses=_status(403, 404),
        advice="This is not Salesforce's own: look for a proxy, a firewall or a maintenance page in between.",
    ),
    Rule(
        Remedy.SKIP_OBJECT,
        ObjectUnavailable,
        statuses=_status(403, 404),
        advice="It does not exist in this org, or the user may not use it.",
    ),
    Rule(Remedy.FATAL, RunFailed),
)

RULES: tuple[Rule, ...] = (
    *_SESSION_RULES,
    *_LIMIT_RULES,
    *_FATAL_RULES,
    *_QUERY_RULES,
    *_OBJECT_RULES,
    *_TRANSIENT_RULES,
    *_ROW_RULES,
    *_REMAINING_RULES,
)
"""The table; the first row that matches counts, the last row matches everything."""


def rule_for(status: int, code: str, message: str = "") -> Rule:
    """The first row of the table that matches; arguments as for :func:`remedy_for`."""
    wanted = normalised(code)
    return next(rule for rule in RULES if rule.matches(status, wanted, message))


def remedy_for(status: int, code: str, message: str = "") -> Remedy:
    """What to do about an error answer.

    Args:
        status: The HTTP status of the answer; ROW for one row of a collection or Bulk result.
        code: Salesforce's errorCode / statusCode, in REST's spelling or Bulk's (``INVALIDENTITY``,
            ``InvalidEntity``).
        message: Salesforce's message.

    Returns:
        The remedy of the first matching row of the table.
    """
    return rule_for(status, code, message).remedy
