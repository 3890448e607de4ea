"""What a tap may send, however broken: its records are taken or become rejects, and the rest is read on."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from singer_sdk import Target
from singer_sdk.exceptions import (
    InvalidInputLine,
    MissingKeyPropertiesError,
    RecordsWithoutSchemaException,
)
from singer_sdk.mapper import SameRecordTransform

from salesforce_seg.answers import one_line
from salesforce_seg.errors import RecordRejected, RunFailed
from salesforce_seg.plugin import Plugin
from target_salesforce_seg.classify import Incoming
from target_salesforce_seg.reader import LineReader
from target_salesforce_seg.sink import EventSink


class TolerantTarget(Plugin, Target):
    """A target that no message ends, and that fails after all else if the tap broke Singer's rules."""

    default_sink_class = EventSink
    message_reader_class = LineReader

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._protocol_error: Exception | None = None
        self._bare_schema = ""
        self._sinks_as_is: dict[str, EventSink | None] = {}
        reader = self.message_reader
        if isinstance(reader, LineReader):
            reader.on_broken_line = self._take_broken_line

    @abstractmethod
    def take(self, incoming: Incoming) -> None:
        """Take a record, or what is wrong with a line that should be one."""

    def _take_broken_line(self, line: str, problem: RecordRejected) -> None:
        self.take(Incoming("", line, problem=problem))

    def _process_record_message(self, message_dict: dict[str, Any]) -> None:
        stream, record = message_dict.get("stream"), message_dict.get("record")
        if not isinstance(stream, str) or not isinstance(record, dict):
            name = stream if isinstance(stream, str) else ""
            self._refuse(name, message_dict, "INVALID_MESSAGE", "A RECORD message without stream or record.")
            return
        try:
            if stream not in self._sinks_as_is:
                self._sinks_as_is[stream] = self._sink_as_is(stream)
            sink = self._sinks_as_is[stream]
            if sink is None:
                super()._process_record_message(message_dict)
                return
            sink.take(record)
            self._handle_max_record_age()
        except RecordsWithoutSchemaException as error:
            self._break_protocol(error)
            self._refuse(stream, record, "MISSING_SCHEMA", f"Stream {stream} has sent no schema before it.")
        except MissingKeyPropertiesError as error:
            self._break_protocol(error)
            keys = ", ".join(self.get_sink(stream).key_properties)
            self._refuse(
                stream, record, "MISSING_KEY", f"The record lacks a key property of its stream ({keys})."
            )

    def _sink_as_is(self, stream: str) -> EventSink | None:
        """The sink of a stream whose records nothing changes on their way; None if that is not sure.

        What it gives is good until the next schema.
        """
        maps = self.mapper.stream_maps.get(stream, ())
        if len(maps) != 1 or type(maps[0]) is not SameRecordTransform or maps[0].flattening_enabled:
            return None
        sink = self._sinks_active.get(maps[0].stream_alias)
        return sink if isinstance(sink, EventSink) and not sink.include_sdc_metadata_properties else None

    def _refuse(self, stream: str, record: Any, code: str, reason: str) -> None:
        self.take(Incoming(stream, record, problem=RecordRejected(reason, code=code)))

    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        stream, schema = message_dict.get("stream"), message_dict.get("schema")
        self._sinks_as_is.clear()
        try:
            if isinstance(schema, dict) and "properties" not in schema:  # it lets everything by
                self._bare_schema = one_line(str(stream))
                message_dict = {**message_dict, "schema": {**schema, "properties": {}}}
            super()._process_schema_message(message_dict)
        except Exception:
            name = one_line(str(stream))
            told = (
                f"The schema of stream {name} cannot be used. Without an earlier one its records are rejects."
            )
            if not isinstance(stream, str):
                told = "A SCHEMA message without a stream cannot be used."
            self._break_protocol(RunFailed(told))
            self.logger.exception("%s", told)

    def _process_batch_message(self, message_dict: dict[str, Any]) -> None:
        try:
            super()._process_batch_message(message_dict)
        except BrokenPipeError:
            raise
        except (ValueError, KeyError, OSError, InvalidInputLine) as error:
            name = one_line(str(message_dict.get("stream")))
            raise RunFailed(
                f"A BATCH message of stream {name} cannot be used: it must name files that are there, with "
                f"a record a line ({one_line(str(error)).rstrip('.')})."
            ) from None

    def _process_activate_version_message(self, message_dict: dict[str, Any]) -> None:
        """Ignored: events have no table whose old rows could be dropped."""

    def _break_protocol(self, error: Exception) -> None:
        """Remember that the tap broke the Singer specification: the run fails, after all else is done."""
        self._protocol_error = self._protocol_error or error
