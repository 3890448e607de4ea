"""The tap's own settings, declared once; those of the connection are in ``salesforce_seg.settings``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from salesforce_seg.errors import ConfigurationError
from salesforce_seg.settings import REPORT_PATH, Setting
from tap_salesforce_seg import naming
from tap_salesforce_seg.readers import choice
from tap_salesforce_seg.replication import Window, boundary, floor_to_second
from tap_salesforce_seg.shards import WHOLE, Shard

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

ALL_COLUMNS, NEW_COLUMNS = "all", "new"

REFRESH_EVERY = {"never": None, "daily": timedelta(days=1), "weekly": timedelta(weeks=1)}

SWEEP_EVERY = {
    "never": None,
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "always": timedelta(0),
}

TAP_SETTINGS: tuple[Setting, ...] = (
    Setting(
        "start_date",
        "string",
        "Earliest SystemModstamp of a first sync, such as 2026-01-01T00:00:00Z. None: everything is read.",
        schema={"format": "date-time"},
    ),
    Setting(
        "include_objects",
        "array",
        "More objects beyond the documented collections: API names or globs such as *__c.",
        default=[],
        schema={"items": {"type": "string"}},
    ),
    Setting(
        "naming",
        "string",
        "segment: streams and columns as Segment's Salesforce source names them (leads, system_modstamp); "
        "api: Salesforce's own names (Lead, SystemModstamp).",
        default=naming.SEGMENT,
        allowed=naming.STYLES,
    ),
    Setting(
        "api_type",
        "string",
        "Which API reads the rows. auto: REST for few rows, Bulk API 2.0 for many; what Bulk API 2.0 refuses "
        "is read by REST in any case.",
        default=choice.AUTO,
        allowed=(choice.AUTO, choice.REST, choice.BULK2),
    ),
    Setting(
        "lookback_window",
        "integer",
        "Seconds before the bookmark that are read again, for rows that were committed late.",
        default=1200,
        schema={"minimum": 0, "maximum": 31_536_000},
    ),
    Setting(
        "detect_hard_deletes",
        "boolean",
        "Whether the org's log of deletes is read for records that were removed for good. Such a record "
        "comes as its id, is_deleted and _sdc_deleted_at.",
        default=True,
    ),
    Setting(
        "sweep_ids",
        "string",
        "How often all Ids are looked through for records that are not there any more: of objects whose "
        "deletes no log tells (tags, shares, groups), and of others when their log has a gap. Needs "
        "known_ids_path.",
        default="never",
        allowed=tuple(SWEEP_EVERY),
    ),
    Setting(
        "known_ids_path",
        "string",
        "Folder for the Ids of the rows that were read, which sweep_ids compares with; one a pipeline.",
    ),
    Setting(
        "backfill_new_fields",
        "boolean",
        "Whether all rows are read again when a field is new or newly selected. If not, older rows show it "
        "once they change.",
        default=True,
    ),
    Setting(
        "backfill_columns",
        "string",
        "What is read again of older rows when a field is new. all: whole rows, safe with any loader; new: "
        "the key, the replication key and the new fields, for loaders that leave other columns as they are.",
        default=ALL_COLUMNS,
        allowed=(ALL_COLUMNS, NEW_COLUMNS),
    ),
    Setting(
        "refresh_formula_fields",
        "string",
        "How often all rows of objects with formula fields are read again: a formula's value changes without "
        "SystemModstamp.",
        default="never",
        allowed=tuple(REFRESH_EVERY),
    ),
    Setting(
        "emit_activate_version_messages",
        "boolean",
        "Whether a full sync ends in an ACTIVATE_VERSION message, on which many loaders remove the rows that "
        "are no longer in Salesforce. Not with start_date, as older rows are not read then.",
        default=False,
    ),
    Setting(
        "select_fields_by_default",
        "boolean",
        "Whether fields are selected unless the catalog says otherwise. If not, only the key, the "
        "replication key and what tells of deletes are.",
        default=True,
    ),
    Setting(
        "concurrency",
        "integer",
        "How many streams are read at once. Their records come mixed, as they arrive; with 1, stream after "
        "stream.",
        default=4,
        schema={"minimum": 1, "maximum": 20},
    ),
    Setting(
        "window_start",
        "string",
        "Read only rows stamped from then on, and leave the bookmarks alone: for several workers on one "
        "stream.",
        schema={"format": "date-time"},
    ),
    Setting(
        "window_end",
        "string",
        "Read only rows stamped before then, and leave the bookmarks alone: for several workers on one "
        "stream.",
        schema={"format": "date-time"},
    ),
    Setting(
        "summary_path",
        "string",
        "File for the counts of the run by stream, as one JSON object.",
    ),
    REPORT_PATH,
    Setting(
        "shard",
        "string",
        "Which of several workers this is, such as 2/4: each reads its own streams, keeps its own state, and "
        "uses its part of quota_percent_per_run.",
        default="1/1",
    ),
)


@dataclass(frozen=True, slots=True)
class TapSettings:
    """The tap's settings of one run, checked."""

    start_date: datetime | None = None
    include_objects: tuple[str, ...] = ()
    naming: str = naming.SEGMENT
    api_type: str = choice.AUTO
    lookback: timedelta = timedelta(seconds=1200)
    detect_hard_deletes: bool = True
    sweep_every: timedelta | None = None
    known_ids_path: str = ""
    backfill_new_fields: bool = True
    backfill_columns: str = ALL_COLUMNS
    refresh_formula_fields: timedelta | None = None
    emit_activate_version_messages: bool = False
    select_fields_by_default: bool = True
    concurrency: int = 4
    slice: Window | None = None
    summary_path: str = ""
    report_path: str = ""
    shard: Shard = WHOLE

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> TapSettings:
        """Read the tap's settings from a config that its JSON schema has accepted.

        Raises:
            ConfigurationError: A moment is none, a span or ``shard`` cannot be, or a folder is missing.
        """
        if config.get("sweep_ids") not in {None, "never"} and not config.get("known_ids_path"):
            raise ConfigurationError(
                "sweep_ids compares with the Ids of earlier runs: name a folder for them in known_ids_path."
            )
        given = {name: value for name, value in config.items() if value is not None}
        chosen: dict[str, Any] = {each.name: given.get(each.name, each.default) for each in TAP_SETTINGS}
        return cls(
            _moment("start_date", chosen["start_date"]),
            tuple(chosen["include_objects"]),
            chosen["naming"],
            chosen["api_type"],
            timedelta(seconds=chosen["lookback_window"]),
            chosen["detect_hard_deletes"],
            SWEEP_EVERY[chosen["sweep_ids"]],
            chosen["known_ids_path"] or "",
            chosen["backfill_new_fields"],
            chosen["backfill_columns"],
            REFRESH_EVERY[chosen["refresh_formula_fields"]],
            chosen["emit_activate_version_messages"],
            chosen["select_fields_by_default"],
            chosen["concurrency"],
            _slice(chosen["window_start"], chosen["window_end"]),
            chosen["summary_path"] or "",
            chosen["report_path"] or "",
            Shard.parse(chosen["shard"]),
        )

    def check_moments(self, now: datetime) -> None:
        """Hold the moments that are set against the server's time.

        Raises:
            ConfigurationError: One lies in the future: rows that come until then would never be read.
        """
        ends = {"start_date": self.start_date, "window_end": self.slice and self.slice.end}
        for setting, moment in ends.items():
            if moment and moment > now:
                raise ConfigurationError(
                    f"{setting} lies in the future: nobody would read the rows until then."
                )


def _slice(start: str | None, end: str | None) -> Window | None:
    if not start and not end:
        return None
    found = Window(None, _moment("window_start", start), _moment("window_end", end))
    if found.start and found.end and found.end <= found.start:
        raise ConfigurationError("window_end must be later than window_start.")
    return found


def _moment(setting: str, value: str | None) -> datetime | None:
    if not value:
        return None
    try:
        return floor_to_second(boundary(value))
    except ValueError as error:
        raise ConfigurationError(f"The setting {setting}: {error}.") from None
