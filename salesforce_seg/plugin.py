"""What both plugins do differently from singer-sdk: signals, and one message for a wrong config."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from singer_sdk.plugin_base import JSONSchemaValidator, PluginBase

from salesforce_seg.errors import ConfigurationError
from salesforce_seg.settings import unknown_settings
from salesforce_seg.signals import install_handlers

if TYPE_CHECKING:
    import click


class Plugin(PluginBase):
    """The base of both; put it before ``Tap`` or ``Target`` in the bases."""

    def __init__(self, *, parse_env_config: bool = False, **options: Any) -> None:
        try:
            super().__init__(parse_env_config=parse_env_config, **options)
        except ValueError:
            self._check_environment(*_PARSED)
            raise
        if parse_env_config:
            self._check_environment("boolean")

    @classmethod
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> Any:
        """Read the config files; one that is no JSON object is named.

        Raises:
            ConfigurationError: A file is not there, or is not a JSON object.
        """
        missing = next((path for path in value if path != "ENV" and not Path(path).exists()), "")
        if missing:
            raise ConfigurationError(f"The config file {missing} does not exist.")
        wrong = next((path for path in value if Path(path).is_file() and not _holds_object(path)), "")
        try:
            if not wrong:
                return super().cb_config(ctx, param, value)
        except (ValueError, TypeError):  # what is no regular file can be read but once
            wrong = ", ".join(value)
        raise ConfigurationError(f"The config file {wrong} is not a JSON object.")

    def _setup_signal_handlers(self) -> None:
        install_handlers()

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        schema = self.config_jsonschema
        self.append_builtin_config(schema)
        secret = {name for name, setting in schema["properties"].items() if setting.get("secret")}
        try:
            problems = [
                _problem(error, secret) for error in JSONSchemaValidator(schema).iter_errors(self._config)
            ]
        except AttributeError:  # singer-sdk's schema of this key is none: seen only by a value that is wrong
            problems = ['in stream_maps, "__else__" may only be null or "__NULL__"']
        if problems:
            message = f"The config is not valid: {'; '.join(problems)}."
            if raise_errors:
                raise ConfigurationError(message)
            self.logger.warning("%s", message)
        if unknown := unknown_settings(self._config, schema["properties"]):
            self.logger.warning("These are no settings, and change nothing: %s.", ", ".join(unknown))
        return problems

    def _check_environment(self, *kinds: str) -> None:
        """Name the environment variable that singer-sdk could not parse, or took for false."""
        for name, setting in self.config_jsonschema["properties"].items():
            variable = f"{self._env_var_prefix}{name.upper()}"
            kind = next((kind for kind in kinds if kind in setting.get("type", [])), None)
            if kind is not None and variable in os.environ and not _parses(kind, os.environ[variable]):
                raise ConfigurationError(
                    f"The environment variable {variable} does not hold {_PARSED[kind]}."
                )


_PARSED = {
    "boolean": "true or false",
    "integer": "a whole number",
    "object": "a JSON object",
    "array": "a JSON array",
}
_BOOLEANS = frozenset({"true", "1", "yes", "on", "false", "0", "no", "off", ""})


def _holds_object(path: str) -> bool:
    try:
        return isinstance(json.loads(Path(path).read_bytes()), dict)
    except ValueError:
        return False


def _parses(kind: str, text: str) -> bool:
    if kind == "boolean":
        return text.lower() in _BOOLEANS
    try:
        _ = int(text) if kind == "integer" else json.loads(text)
    except ValueError:
        return False
    return True


def _problem(error: Any, secret: set[str]) -> str:
    """A finding of the JSON schema validator, without the value of a secret setting."""
    if not error.path:
        return str(error.message)
    where = ".".join(map(str, error.path))
    if error.path[0] in secret:
        return f"{where} must be {error.validator} {error.validator_value}"
    return f"{where}: {error.message}"
