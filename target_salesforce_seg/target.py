"""The Singer target: messages in, one shared batch, state out only for what is settled."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ClassVar

import click
from singer_sdk.helpers.capabilities import (
    TARGET_VALIDATE_RECORDS_CONFIG,
    PluginCapabilities,
    TargetCapabilities,
)
from singer_sdk.plugin_base import PluginBase
from singer_sdk.singerlib.json import serialize_json

from salesforce_seg.answers import one_line
from salesforce_seg.errors import ConfigurationError, RunFailed
from salesforce_seg.settings import CONNECTION_SETTINGS, json_schema
from salesforce_seg.shutdown import on_early_end
from salesforce_seg.signals import shielded
from salesforce_seg.summary import report_option
from salesforce_seg.text_table import text_table
from target_salesforce_seg.dry_run import DryRun
from target_salesforce_seg.messages import TolerantTarget
from target_salesforce_seg.run import Run
from target_salesforce_seg.settings import TARGET_SETTINGS
from target_salesforce_seg.setup_items import WRONG

if TYPE_CHECKING:
    from collections.abc import Callable

    from singer_sdk.helpers.capabilities import CapabilitiesEnum

    from target_salesforce_seg.classify import Incoming


class TargetSalesforceSeg(TolerantTarget):
    """Sends Segment's and RudderStack's events to Salesforce, as their Salesforce destinations do."""

    name = "target-salesforce-seg"
    package_name = "salesforce-seg"
    config_jsonschema: ClassVar[dict[str, Any]] = json_schema((*CONNECTION_SETTINGS, *TARGET_SETTINGS))
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
        TargetCapabilities.VALIDATE_RECORDS,
    ]

    _MAX_RECORD_AGE_IN_MINUTES = 1.0

    def __init__(self, *, dry_run: bool = False, replays: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self._is_dry_run = dry_run
        self._run = Run(
            self.config,
            client_name=self.name,
            logger=self.logger,
            dry_run=DryRun(click.echo) if dry_run else None,
            replays=replays,
        )
        self._state_out = ""
        self.max_parallelism = 1
        for name in sorted(set(self.config) - set(self.config_jsonschema["properties"])):
            self.logger.warning("The setting %s is not known and is ignored.", name[:100])

    @classmethod
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Add those settings of singer-sdk that mean something here."""
        for name, schema in TARGET_VALIDATE_RECORDS_CONFIG["properties"].items():
            config_jsonschema["properties"].setdefault(name, schema)
        PluginBase.append_builtin_config.__func__(cls, config_jsonschema)  # type: ignore[attr-defined]

    # Records

    def take(self, incoming: Incoming) -> None:
        """Add a record to the batch, and settle the batch when it is full."""
        self._run.take(incoming)
        if self._run.is_full:
            self._settle(self.drain_all)

    # Batches and state

    def _settle(self, then: Callable[[], None]) -> None:
        """Settle the batch that all streams share, and only then let singer-sdk write state.

        A signal may break off the batch, but comes too late between its rejects and its state, and once
        records are created that no later run could find.
        """
        with ExitStack() as until_booked:
            settled = self._run.settle(until_booked)
            with shielded():
                self._run.book(settled)
                then()

    def _handle_max_record_age(self) -> None:
        if self._max_record_age_in_minutes > self._MAX_RECORD_AGE_IN_MINUTES:
            self._settle(self.drain_all)

    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        """Keep a state for the next batch that is settled; one that follows a settled batch is out at once.

        A batch is settled when its last record is there, before the state that covers it is read: kept until
        the next batch, it would not tell that nothing of this one is to come again.
        """
        if "value" not in message_dict:
            self._refuse("", message_dict, "INVALID_MESSAGE", "A STATE message without a value.")
            return
        before = self._latest_state
        super()._process_state_message(message_dict)
        if self._latest_state is not before:
            self._run.note_state()
        if self._latest_state and self._run.is_settled:
            with shielded():
                self._write_state_message(self._latest_state)

    def _write_state_message(self, state: dict[str, Any]) -> None:
        """Write a state that is not out yet, with every number as it came: with a point they are Decimals.

        A dry run writes none: what comes again must be taken for new.
        """
        line = serialize_json(state)
        if self._is_dry_run or line == self._state_out:
            return
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        self._state_out = line
        self._run.state_is_out()

    def process_endofpipe(self) -> None:
        """Settle what is left, and say what the run came to.

        Raises:
            Exception: what the tap did against the Singer specification, if it did.
            RunFailed: there were rejects, under ``fail_on_rejects``; or nothing came but an empty schema.
        """
        self._settle(super().process_endofpipe)
        if self._protocol_error is not None:
            raise self._protocol_error
        if self._bare_schema and not self._run.counts.doors and not self._latest_state:
            raise RunFailed(
                f"The schema of stream {self._bare_schema} has no properties, and neither a record nor a "
                "state came after it: look at what the tap says."
            )
        rejected = self._run.counts.doors["rejected"]
        if rejected and self._run.settings.fail_on_rejects:
            raise RunFailed(
                f"{rejected} events were rejected (fail_on_rejects): see {self._run.where_rejects_are}."
            )
        self._run.finish()
        with shielded():  # in a connection that closes, a signal would be lost
            self._run.close()
        with shielded():
            self._run.sum_up()

    # Command line

    def check_setup(self) -> None:
        """Print what the org says to the settings.

        Raises:
            ConfigurationError: Something is wrong.
        """
        findings = self._run.check_setup()
        click.echo(text_table(("checked", "result", ""), [[*map(one_line, each)] for each in findings]))
        if wrong := sum(each.verdict == WRONG for each in findings):
            raise ConfigurationError(f"{wrong} of {len(findings)} items are wrong: see the table.")

    def replay(self, path: Path) -> None:
        """Try the events of a rejects file again."""
        lines = self._run.replay_of(path)
        on_early_end(lines.end)
        for incoming in lines:
            self.take(incoming)
            if self._run.is_settled:
                lines.settled()
        self._settle(lines.settled)
        lines.end()
        self.process_endofpipe()

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """The command line of a target, and what this one can do besides."""
        command = super().get_singer_command()
        command.params += [
            click.Option(
                ["--replay"],
                help="A rejects file whose events are to be tried again. Nothing is read from standard in.",
                type=click.Path(dir_okay=False, path_type=Path),
            ),
            click.Option(
                ["--test"],
                is_flag=True,
                help="Log in and look whether the org has the objects, fields and permissions that the "
                "settings need. Nothing is read from standard in, and nothing is written.",
            ),
            click.Option(
                ["--dry-run"],
                is_flag=True,
                help="Look everything up, print what would be written and rejected, and write nothing: no "
                "record, no state, no file.",
            ),
            report_option(),
        ]
        return command

    @classmethod
    def invoke(  # type: ignore[override]
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: Any = None,
        file_input: IO[str] | None = None,
        replay: Path | None = None,
        dry_run: bool = False,
        test: bool = False,
        report_path: str | None = None,
    ) -> None:
        """Run the target.

        Args:
            about: show what the plugin is and end.
            about_format: how to show it.
            config: from the command line.
            file_input: read messages from here instead of standard in.
            replay: a rejects file to read instead of messages.
            dry_run: write nothing, and print what would be written.
            test: only look whether the org has what the settings name.
            report_path: the setting of this name, from ``--report``.

        Raises:
            ConfigurationError: Two options contradict each other; or what ``test`` finds wrong.
        """
        if about:
            super().invoke(about=about, about_format=about_format)
            return
        if replay is not None and file_input is not None:
            raise ConfigurationError("--replay and --input cannot be used together.")
        cls.print_version(print_fn=cls.logger.info)
        given = {"report_path": report_path} if report_path else {}
        target = cls(
            config={**(config.config if config else {}), **given},
            parse_env_config=bool(config and config.parse_env),
            dry_run=dry_run,
            replays=replay is not None,
        )
        if test:
            target.check_setup()
            return
        on_early_end(target._run.sum_up)
        if replay is not None:
            target.replay(replay)
        else:
            target.listen(file_input)
