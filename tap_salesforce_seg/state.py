"""What the Singer state says of a stream: its bookmark, and where an interrupted run stopped.

All of it lies under ``bookmarks.<stream>``. A runner may lay one state over another key by key, as Meltano
does with the partial state of a run that failed. So a key that no longer holds is set to null, never just
left out, and a position names the reader whose keys count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_salesforce_seg.naming import snake_case
from tap_salesforce_seg.replication import boundary, format_moment
from tap_salesforce_seg.unfinished import Unfinished, moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from tap_salesforce_seg.pages import Position

BOOKMARK = "replication_key_value"
BOOKMARK_KEY = "replication_key"
COVERED_FIELDS = "fields"
"""The fields that all rows have been read with, by API name; with its column (``Foo__c=foo_c_2``) where
another field has taken the usual one."""
SOBJECT = "object"
"""API name of the object, where the stream's name may one day be another object's."""
FULL_SYNC_AT = "full_sync_at"
"""When all rows were last read; kept for streams whose formula fields are refreshed."""
UNFINISHED = "unfinished"
"""The read that was under way, and the position of its last page on stdout."""
DELETES_SINCE = "deletes_since"
"""From when on deletes have not been told yet, if that is before the bookmark."""
COMPLETED_AT = "completed_at"
"""Start of a run that read the whole stream, and has not come to the end of all streams yet."""
OBJECTS = "objects"
"""Of a stream that is read from several objects: how far each is read, and a digest of what was asked."""
SWEPT_AT = "swept_at"
"""When all Ids were last looked through for records that are not there any more."""
VERSION, WRITTEN, ACTIVATED = "version", "written_version", "activated_version"
"""The table version that RECORDs carry; the last one whose full sync is complete; and the last one that an
ACTIVATE_VERSION has named."""


def bookmark_of(stream_state: Mapping[str, Any]) -> datetime | None:
    """Where the stream's last complete read ended; None if there was none."""
    return moment(stream_state, BOOKMARK)


class StreamState:
    """What the state says of one stream, and how it moves on.

    Args:
        bookmarks: The state's bookmarks of all streams; kept up to date.
        stream: The stream's name.
        key: The replication key's name; a bookmark that was kept for another one does not count.
        sobject: The object's API name; nor does one of another object.
        names_may_move: Whether the state has to say whose it is.
    """

    def __init__(
        self,
        bookmarks: dict[str, Any],
        stream: str,
        key: str | None,
        sobject: str,
        *,
        names_may_move: bool,
    ) -> None:
        self._bookmarks = bookmarks
        self._stream = stream
        self._key = key
        self._sobject = sobject if names_may_move else None
        state: dict[str, Any] = bookmarks.get(stream) or {}
        kept_of, kept_for = state.get(SOBJECT, sobject), state.get(BOOKMARK_KEY)
        self.was_of = "" if kept_of == sobject else kept_of
        """The object that had the stream's name before; the empty string if none had."""
        same_key = kept_for is None or (key is not None and snake_case(kept_for) == snake_case(key))
        self._state = dict(state) if same_key and not self.was_of else {}
        self._under_way: Unfinished | None = None

    @property
    def bookmark(self) -> datetime | None:
        """Where the last complete read ended; None if there was none."""
        return bookmark_of(self._state)

    @property
    def full_sync_at(self) -> datetime | None:
        """When all rows were last read; None if that is not known."""
        return moment(self._state, FULL_SYNC_AT)

    @property
    def deletes_since(self) -> datetime | None:
        """From when on deletes have not been told yet; None if the bookmark says it."""
        return moment(self._state, DELETES_SINCE)

    @property
    def swept_at(self) -> datetime | None:
        """When all Ids were last looked through; None if they never were."""
        return moment(self._state, SWEPT_AT)

    @property
    def completed_at(self) -> datetime | None:
        """When the interrupted run began that has read the whole stream; None if there was none."""
        return moment(self._state, COMPLETED_AT)

    @property
    def unfinished(self) -> Unfinished | None:
        """The read that an interrupted run was about; None if there is none."""
        return Unfinished.from_state(self._state.get(UNFINISHED))

    @property
    def version(self) -> int | None:
        """The table version that RECORDs carry; None if there has been no full sync with one."""
        return self._state.get(VERSION)

    @property
    def is_activated(self) -> bool:
        """Whether an ACTIVATE_VERSION has named the version."""
        return self._state.get(ACTIVATED) == self.version

    @property
    def is_written(self) -> bool:
        """Whether the full sync of the version is complete."""
        return self._state.get(WRITTEN) == self.version

    def not_covered(self, fields: Iterable[str]) -> list[str]:
        """Those of the fields that older rows have not been read with.

        A state that does not tell (another tap's) is taken to cover all.
        """
        covered = self._state.get(COVERED_FIELDS)
        return [] if self.bookmark is None or covered is None else sorted(set(fields) - set(covered))

    def set_version(self, version: int) -> None:
        """Begin a full sync whose RECORDs carry this version."""
        self._save({VERSION: version})

    def written(self) -> None:
        """Note that the full sync of the version is complete."""
        self._save({WRITTEN: self.version})

    def abandon_version(self) -> None:
        """Go back to the last version that was activated: nobody will complete the full sync of this one."""
        self._save({VERSION: self._state.get(ACTIVATED)})

    def activated(self) -> None:
        """Note that the version has been activated."""
        self._save({ACTIVATED: self.version})

    def begin(self, read: Unfinished) -> None:
        """Begin a read, or go on with one; the state tells of it from its first position on."""
        self._under_way = read

    def owe_deletes(self, since: datetime) -> None:
        """Note that deletes matter from then on, if they have not mattered before."""
        if self.deletes_since is None:
            self._save({DELETES_SINCE: format_moment(since)})

    def advance(self, position: Position) -> None:
        """Note the position of a page that is on stdout."""
        if self._under_way:
            self._save({UNFINISHED: self._under_way.as_state(position)})

    def forget_position(self) -> None:
        """The read under way must begin anew, as what has been read of it is not complete."""
        if self._state.get(UNFINISHED):
            self._save({UNFINISHED: None})

    def move(
        self,
        until: datetime,
        fields: Iterable[str],
        *,
        full_sync_at: datetime | None,
        deletes_since: datetime | None = None,
    ) -> None:
        """Write down a complete read.

        Args:
            until: The new bookmark.
            fields: The fields that all rows have been read with.
            full_sync_at: When all rows were last read, if that matters.
            deletes_since: From when on deletes are still to be told.
        """
        self._save(
            {
                BOOKMARK_KEY: self._key,
                BOOKMARK: format_moment(until),
                COVERED_FIELDS: sorted(fields),
                FULL_SYNC_AT: full_sync_at and format_moment(full_sync_at),
                DELETES_SINCE: deletes_since and format_moment(deletes_since),
                UNFINISHED: None,
            }
        )

    def read_of(self, sobject: str) -> tuple[datetime | None, str]:
        """How far one of a stream's objects has been read, and the digest of what was asked of it."""
        try:
            entry = self._objects[sobject]
            return boundary(entry["until"]), entry["asked"]
        except (KeyError, TypeError, ValueError):
            return None, ""

    def move_object(
        self, sobject: str, until: datetime, asked: str, *, full_sync_at: datetime | None
    ) -> None:
        """Write down a complete read of one of a stream's objects; the bookmark is the earliest of all.

        Args:
            sobject: The object's API name.
            until: Up to when it has been read.
            asked: A digest of what was asked of it.
            full_sync_at: As for :meth:`move`.
        """
        entry = {"until": format_moment(until), "asked": asked}
        objects = self._objects | {sobject: entry}
        self._save(
            {
                OBJECTS: objects,
                BOOKMARK: min(each["until"] for each in objects.values()),
                FULL_SYNC_AT: full_sync_at and format_moment(full_sync_at),
                UNFINISHED: None,
            }
        )

    @property
    def _objects(self) -> dict[str, Any]:
        found = self._state.get(OBJECTS)
        return found if isinstance(found, dict) else {}

    def cover(self, fields: Iterable[str], *, full_sync_at: datetime | None) -> None:
        """Write down a complete backfill: all rows have been read with these fields too.

        Args:
            fields: The fields.
            full_sync_at: When all rows were read again, if their formula fields are among them.
        """
        covered = self._state.get(COVERED_FIELDS) or ()
        refreshed = {FULL_SYNC_AT: format_moment(full_sync_at)} if full_sync_at else {}
        self._save({COVERED_FIELDS: sorted({*covered, *fields}), UNFINISHED: None, **refreshed})

    def swept(self, run_started_at: datetime) -> None:
        """Write down that all Ids have been looked through, and what is gone has been told."""
        self._save({SWEPT_AT: format_moment(run_started_at)})

    def complete(self, run_started_at: datetime) -> None:
        """Write down that a run has read all of a stream that is always read in full."""
        self._save({COMPLETED_AT: format_moment(run_started_at), UNFINISHED: None})

    def end_run(self) -> None:
        """Write down that the run has come to its end: the next one reads the stream again."""
        if self._state.get(COMPLETED_AT):
            self._save({COMPLETED_AT: None})

    def _save(self, changes: dict[str, Any]) -> None:
        """Change several entries at once, with one assignment, as a signal may come at any point.

        A null is written only over a value.
        """
        changes = changes | {SOBJECT: self._sobject}
        changes = {name: value for name, value in changes.items() if value is not None or name in self._state}
        self._state = self._state | changes
        self._bookmarks[self._stream] = self._state
