from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesforce_seg.errors import ConfigurationError
from salesforce_seg.settings import CONNECTION_SETTINGS, ConnectionSettings, json_schema

SECRETS = {
    "password",
    "security_token",
    "client_secret",
    "refresh_token",
    "private_key",
    "access_token",
}


def test_defaults_are_those_of_the_documentation() -> None:
    settings = ConnectionSettings.from_config({})
    assert settings.login_url == "https://login.salesforce.com"
    assert settings.api_version == "64.0"
    assert (settings.quota_percent_total, settings.quota_percent_per_run) == (80, 25)
    assert (settings.request_timeout, settings.max_retries) == (60, 5)
    declared = {each.name: each.default for each in CONNECTION_SETTINGS if each.default is not None}
    assert declared == {name: getattr(settings, name) for name in declared}


def test_a_sandbox_logs_in_at_the_sandbox_host_unless_told_otherwise() -> None:
    assert ConnectionSettings.from_config({"is_sandbox": True}).login_url == "https://test.salesforce.com"
    own = {"is_sandbox": True, "login_url": "https://acme--uat.sandbox.my.salesforce.com/"}
    assert ConnectionSettings.from_config(own).login_url == "https://acme--uat.sandbox.my.salesforce.com"


def test_schema_marks_secrets_and_lets_everything_be_absent() -> None:
    properties = json_schema(CONNECTION_SETTINGS)["properties"]
    assert {name for name, schema in properties.items() if schema.get("secret")} == SECRETS
    assert all("null" in schema["type"] for schema in properties.values())
    assert all(schema["description"].endswith(".") for schema in properties.values())


def test_empty_text_and_null_count_as_absent() -> None:
    config = {each.name: "" for each in CONNECTION_SETTINGS} | {"max_retries": None}
    assert ConnectionSettings.from_config(config) == ConnectionSettings.from_config({})


def test_values_from_the_environment_are_understood() -> None:
    settings = ConnectionSettings.from_config(
        {"is_sandbox": "False", "max_retries": "3", "api_version": 62.0}
    )
    assert (settings.is_sandbox, settings.max_retries, settings.api_version) == (False, 3, "62.0")


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("is_sandbox", "perhaps", "is_sandbox must be of type boolean, not 'perhaps'"),
        ("is_sandbox", 7, "is_sandbox"),
        ("request_timeout", 0, "minimum 1"),
        ("request_timeout", "soon", "request_timeout"),
        ("quota_percent_total", 101, "maximum 100"),
        ("max_retries", True, "max_retries"),
        ("max_retries", 1.5, "max_retries"),
        ("username", ["ada"], "username must be of type string"),
        ("api_version", "30.0", "no longer exists"),
        ("api_version", "v9", "no longer exists"),
        ("api_version", "latest", "must look like 64.0"),
        ("api_version", "64.5", "must look like 64.0"),
        ("api_version", "nan", "must look like 64.0"),
        ("login_url", "login.salesforce.com.evil.example", "not Salesforce's"),
        ("instance_url", "http://acme.my.salesforce.com", "https://"),
    ],
)
def test_wrong_values_are_one_clear_error_that_names_the_setting(
    setting: str, value: object, told: str
) -> None:
    with pytest.raises(ConfigurationError, match=setting) as caught:
        ConnectionSettings.from_config({setting: value})
    assert told in str(caught.value)
    assert caught.value.exit_code == 2


@given(st.sampled_from(sorted(SECRETS)), st.one_of(st.lists(st.text(min_size=6)), st.booleans()))
def test_no_message_shows_the_value_of_a_secret(setting: str, value: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ConnectionSettings.from_config({setting: value})
    assert str(value) not in str(caught.value)
    assert setting in str(caught.value)


@given(st.text(min_size=10).filter(str.strip))
def test_no_representation_shows_a_secret(secret: str) -> None:
    marked = f"<<{secret}>>"
    settings = ConnectionSettings.from_config(dict.fromkeys(SECRETS, marked))
    assert marked not in repr(settings)


@pytest.mark.parametrize("text", ["v63.0", "63", " 63.0 "])
def test_api_versions_in_other_spellings(text: str) -> None:
    assert ConnectionSettings.from_config({"api_version": text}).api_version == "63.0"
