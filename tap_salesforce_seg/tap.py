"""The tap: settings, discovery, and the run over the selected streams."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ClassVar, cast

import click
from singer_sdk import Tap
from singer_sdk.helpers.capabilities import CapabilitiesEnum, PluginCapabilities, TapCapabilities
from singer_sdk.mapper import RemoveRecordTransform
from singer_sdk.singerlib import Catalog
from singer_sdk.singerlib.encoding.simple import StateMessage
from singer_sdk.tap_base import CliTestOptionValue

from salesforce_seg.describer import Describer
from salesforce_seg.errors import ConfigurationError
from salesforce_seg.plugin import Plugin
from salesforce_seg.progress import Progress
from salesforce_seg.session import Session
from salesforce_seg.settings import CONNECTION_SETTINGS, ConnectionSettings, json_schema
from salesforce_seg.shutdown import on_early_end
from salesforce_seg.summary import check_folder, publish
from tap_salesforce_seg import command_line, deletes, input_files, known_ids, plan, preflight, stream_maps
from tap_salesforce_seg.agenda import deletes_to_ask
from tap_salesforce_seg.ahead import Ahead
from tap_salesforce_seg.catalog import Discovery
from tap_salesforce_seg.line_writer import LineWriter
from tap_salesforce_seg.names_stream import NamesStream
from tap_salesforce_seg.readers.choice import Reader
from tap_salesforce_seg.replication import floor_to_second
from tap_salesforce_seg.run import Run
from tap_salesforce_seg.settings import TAP_SETTINGS, TapSettings
from tap_salesforce_seg.state_file import read_state
from tap_salesforce_seg.stream import CollectionStream
from tap_salesforce_seg.tally import closing_table, tally

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from singer_sdk.plugin_base import _ConfigInput

    from salesforce_seg.describe import SObjectDescribe
    from tap_salesforce_seg.catalog import LeftOut


STATE_EVERY = 3.0
"""Seconds between two STATEs while pages come in."""


class TapSalesforceSeg(Plugin, Tap):
    """Reads a Salesforce org as the collections of Segment's Salesforce source."""

    name = "tap-salesforce-seg"
    package_name = "salesforce-seg"
    config_jsonschema: ClassVar[dict[str, Any]] = json_schema(CONNECTION_SETTINGS + TAP_SETTINGS)
    dynamic_catalog = True
    message_writer_class = LineWriter
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    def __init__(self, *, catalog: Any = None, state: Any = None, **options: Any) -> None:
        self._missing: dict[str, str] = {}
        self.left_out: Sequence[LeftOut] = ()
        """What discovery has left out."""
        self.deletions: dict[str, deletes.Deletions] = {}
        """What the org's log of deletes says, by object."""
        self._began = time.monotonic()
        self._state_written_at = 0.0
        bookmarks = {"bookmarks": read_state(state)} if state is not None else None
        super().__init__(catalog=input_files.read_catalog(catalog), state=bookmarks, **options)

    # What the run works with

    @cached_property
    def settings(self) -> TapSettings:
        """The tap's own settings."""
        return TapSettings.from_config(self.config)

    @cached_property
    def session(self) -> Session:
        """The connection to the org."""
        connection = ConnectionSettings.from_config(self.config)
        of_this_worker = max(1, connection.quota_percent_per_run // self.settings.shard.of)
        return Session(replace(connection, quota_percent_per_run=of_this_worker), client_name=self.name)

    @cached_property
    def reader(self) -> Reader:
        """Reads the rows."""
        return Reader(self.session, self.settings.api_type)

    @cached_property
    def ahead(self) -> Ahead:
        """Reads and makes lines while others are written."""
        return Ahead()

    @cached_property
    def progress(self) -> Progress:
        """Tells how far the run is."""
        return Progress("rows", self.logger)

    @cached_property
    def started_at(self) -> datetime:
        """The server's time when this was first asked for, before any row is read: every window's end."""
        return floor_to_second(self.session.server_time())

    @cached_property
    def known_ids_folder(self) -> Path | None:
        """Where the Ids of the org's records are noted; None if they are not."""
        if self.settings.sweep_every is None:
            return None
        return known_ids.folder_of_org(self.session, Path(self.settings.known_ids_path))

    @cached_property
    def _describer(self) -> Describer:
        return Describer(self.session)

    def describe_again(self, sobject: str) -> SObjectDescribe:
        """The object as it is now, not as discovery found it."""
        return Describer(self.session).describe_one(sobject)

    # Discovery

    def discover_streams(self) -> Sequence[CollectionStream]:
        """The streams of the org: all, or with a catalog those that it selects."""
        settings = self.settings
        discovery = Discovery(
            self._describer,
            settings.naming,
            settings.include_objects,
            settings.select_fields_by_default,
            settings.detect_hard_deletes,
            settings.sweep_every is not None,
        )
        catalog = self.input_catalog
        definitions = discovery.streams(None if catalog is None else input_files.selected_streams(catalog))
        for note in discovery.notes:
            self.logger.warning("%s.", note)
        for each in discovery.left_out:
            self.logger.warning("%s is left out: %s.", each.stream, each.reason.rstrip("."))
        self._missing = {each.stream: each.reason for each in discovery.left_out if each.failed}
        self.left_out = discovery.left_out
        return [
            (NamesStream if definition.sources else CollectionStream)(self, definition)
            for definition in definitions
        ]

    def setup_mapper(self) -> None:
        """Take the stream maps, when each stream has fitted its entry of the catalog to the org.

        A stream that the catalog does not select has no columns there that a map could hold on to.
        """
        there = Catalog({name: entry for name, entry in self.catalog.items() if name in self.collections})
        try:
            super(Tap, self).setup_mapper()
            self.mapper.register_raw_streams_from_catalog(there)
        except Exception as error:  # noqa: BLE001  a map may be anything
            raise ConfigurationError(f"stream_maps: {str(error).rstrip('.')}.") from None
        for name in stream_maps.unused(
            self.config.get("stream_maps") or {}, {*self.catalog, *self.collections}
        ):
            self.logger.warning(
                "stream_maps: %s changes nothing, as no stream is of that name. Capitals count.", name
            )

    @property
    def lines(self) -> LineWriter:
        """The writer, under its own type."""
        return cast("LineWriter", self.message_writer)

    @property
    def collections(self) -> dict[str, CollectionStream]:
        """The streams by name, under their own type."""
        return cast("dict[str, CollectionStream]", self.streams)

    # The run

    @property
    def selected(self) -> list[CollectionStream]:
        """The streams that this worker reads, in the order of their names; ``names`` after all others."""
        return [
            stream
            for stream in sorted(self.collections.values(), key=lambda each: isinstance(each, NamesStream))
            if stream.selected
            and self.settings.shard.reads(stream.definition.sobject.name)
            and not all(isinstance(each, RemoveRecordTransform) for each in stream.stream_maps)
        ]

    def write_state(self) -> None:
        """Write the bookmarks, unless the last STATE said the same; whatever came before leaves with them."""
        self._state_written_at = time.monotonic()
        self.state_writer.write_state(self.state)
        self.lines.flush()

    def write_state_in_time(self) -> None:
        """Write the bookmarks if the last STATE was written some seconds ago."""
        if time.monotonic() - self._state_written_at >= STATE_EVERY:
            self.write_state()

    def extract(self) -> None:
        """Read all selected streams; errors as for ``Run.extract``."""
        on_early_end(lambda: self.write_message(StateMessage(value=self.state)))
        if self.state:
            self.state_writer.write_state(self.state)
        streams = self._prepare()
        if self.known_ids_folder:
            known_ids.make_folder(self.known_ids_folder)
        agendas = [stream.agenda for stream in streams if stream.agenda.is_announced]
        self.reader.announce([each.query for agenda in agendas for each in agenda.passes])
        run = Run(self._missing, self.settings.concurrency, self._wait_for_rows)
        try:
            with self.progress:
                run.extract(streams)
        finally:
            self.ahead.end()
            self.write_state()
            self._sum_up(streams, run.failed)

    def _wait_for_rows(self) -> None:
        """Wait until more is at hand; what is there leaves first, as it may be a while."""
        self.lines.flush()
        self.ahead.wait()

    def _prepare(self) -> list[CollectionStream]:
        """The selected streams, and what is asked for all of them before a row is read."""
        streams = self.selected
        self.settings.check_moments(self.started_at)
        if not self.collections and self.left_out and not any(each.known for each in self.left_out):
            raise ConfigurationError(
                "There are no streams of the names that the catalog selects. Take a catalog that --discover "
                "has printed with the same naming and include_objects."
            )
        if not streams:
            self.logger.warning("Nothing is read, as no stream is selected%s.", self.settings.shard.remark)
        self.deletions = deletes.read_log(self.session, deletes_to_ask(streams), self.started_at)
        if self.known_ids_folder:
            self.logger.debug("Known Ids are kept in %s.", self.known_ids_folder)
        return streams

    def show_plan(self) -> None:
        """Print what a run would read and cost.

        Raises:
            SalesforceError: A count was refused.
        """
        planner = plan.Planner(self.session, self._prepare(), self.settings.api_type)
        click.echo(planner.plan().table())

    def _sum_up(self, streams: Sequence[CollectionStream], failed: Mapping[str, str]) -> None:
        """Say what the run came to: a table, one line, and the files that are asked for."""
        seconds = time.monotonic() - self._began
        summary = {"plugin": self.name, **tally(self.session, streams, failed, seconds)}
        self.logger.info("What was read:\n%s", closing_table(summary))
        publish(summary, self.settings.summary_path, self.settings.report_path, self.logger)
        rows, read = sum(each.rows for each in streams), sum(each.done for each in streams)
        self.logger.info("%d rows from %d streams; %d API calls.", rows, read, self.session.api_calls)

    # The command line

    @classmethod
    def invoke(  # type: ignore[override]
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: _ConfigInput | None = None,
        state: IO[str] | None = None,
        catalog: IO[str] | None = None,
        show_plan: bool = False,
        test: str = CliTestOptionValue.Disabled.value,
        report_path: str | None = None,
    ) -> None:
        """Run the tap from its command line.

        Args:
            about: Only print what the tap is.
            about_format: ``json`` or ``markdown``.
            config: The merged config files.
            state: A state file.
            catalog: A catalog file.
            show_plan: Only print what a run would read and cost.
            test: ``all``: only check what a run needs. ``schema``: only write the SCHEMAs.
            report_path: The setting of this name, from ``--report``.
        """
        if about:
            cls.print_about(about_format)
            return
        given = {"report_path": report_path} if report_path else {}
        tap = cls(
            config={**(config.config if config else {}), **given},
            state=input_files.read_json(state, "state"),
            catalog=input_files.read_json(catalog, "catalog"),
            parse_env_config=bool(config and config.parse_env),
            validate_config=True,
        )
        check_folder("summary_path", tap.settings.summary_path)
        check_folder("report_path", tap.settings.report_path)
        if test == CliTestOptionValue.All.value:
            preflight.check(tap.session, tap.selected, tap.left_out)
        elif test == CliTestOptionValue.Schema.value:
            tap.write_schemas()
        elif show_plan:
            tap.show_plan()
        else:
            tap.extract()

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """The SDK's command, ``--plan`` and ``--report``."""
        return command_line.extended(super().get_singer_command())
