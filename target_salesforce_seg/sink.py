"""A stream's end of the pipe: hands its records to the one batch that all streams share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk.exceptions import InvalidRecord
from singer_sdk.sinks import BatchSink

from salesforce_seg.errors import RecordRejected
from target_salesforce_seg.classify import Incoming
from target_salesforce_seg.schema_check import RecordValidator

if TYPE_CHECKING:
    from target_salesforce_seg.target import TargetSalesforceSeg


class EventSink(BatchSink):
    """Checks records against their schema and passes them on in the order in which they come.

    The batch is the target's, not the sink's: events of different streams on one record must stay in order.
    """

    target: TargetSalesforceSeg

    def __init__(self, target: TargetSalesforceSeg, *args: Any, **options: Any) -> None:
        super().__init__(target, *args, **options)
        self.target = target
        self._problem: RecordRejected | None = None

    @property
    def max_size(self) -> int:
        """No limit: the target's batch has one."""
        return 2**63

    def get_validator(self) -> RecordValidator | None:
        """What checks the records; None if ``validate_records`` is off."""
        return RecordValidator(self.schema) if self.validate_schema else None

    def _remove_sdc_metadata_from_record(self, record: dict[str, Any]) -> None:
        """Keep ``_sdc_deleted_at``: the source deleting a record matters to plain-record streams."""

    def _remove_sdc_metadata_from_schema(self) -> None:
        """Keep them in the schema as well, or a strict schema would refuse the record."""

    def _validate_and_parse(self, record: dict[str, Any]) -> dict[str, Any]:
        """Check the record; date-times stay text, because Salesforce's field decides what becomes of them."""
        self._problem = None
        if self._validator is not None:
            try:
                self._validator.validate(record)
            except InvalidRecord as error:
                told = f"The record is against the schema of stream {self.stream_name}: {error.error_message}"
                self._problem = RecordRejected(told, code="INVALID_RECORD")
        return record

    def take(self, record: dict[str, Any]) -> None:
        """Add a record as it came: what singer-sdk does with one that neither maps nor metadata change.

        Raises:
            MissingKeyPropertiesError: The record lacks a key property.
        """
        self._validate_and_parse(record)
        self._singer_validate_message(record)
        self.record_counter_metric.increment()
        self.process_record(record, {})

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        """Add a record to the shared batch."""
        _ = context
        deleted = bool(record.get("_sdc_deleted_at"))
        self.target.take(Incoming(self.stream_name, record, deleted, self._problem))

    def process_batch(self, context: dict[str, Any]) -> None:
        """Take the records of a BATCH message's file; those of RECORD messages were taken one by one."""
        for record in context.get("records", ()):
            if isinstance(record, dict):
                self.process_record(record, context)
            else:
                problem = RecordRejected("The record is not a JSON object.", code="INVALID_RECORD")
                self.target.take(Incoming(self.stream_name, record, problem=problem))
