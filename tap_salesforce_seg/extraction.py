"""One stream's rows on their way out: those of its passes, then those that the log of deletes names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salesforce_seg.bulk2 import NO_MORE
from salesforce_seg.errors import QueryRefused
from tap_salesforce_seg.deletes import Deletions, still_there
from tap_salesforce_seg.pages import RowsLost
from tap_salesforce_seg.replication import parse_moment
from tap_salesforce_seg.sweep import Sweep
from tap_salesforce_seg.written_ids import WrittenIds

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence
    from datetime import datetime

    from tap_salesforce_seg.blocks import Block
    from tap_salesforce_seg.catalog import Column
    from tap_salesforce_seg.pages import Page, Position
    from tap_salesforce_seg.passes import Pass
    from tap_salesforce_seg.stream import CollectionStream


FIELD_REFUSED = frozenset({"INVALID_FIELD", "API_ERROR"})
"""What REST and Bulk API 2.0 say of a query with a field that is not there."""


class Extraction:
    """Reads and writes what one run owes one stream.

    Args:
        stream: The stream.
    """

    def __init__(self, stream: CollectionStream) -> None:
        self._stream = stream
        self._tap = stream.tap
        self._agenda = stream.agenda
        self._position: Position | None = None
        self._deleted_at: dict[str, str] = {}
        self._in_old_job: set[str] = set()
        self._written = WrittenIds()
        self._sweep = Sweep(stream)
        self._is_unmapped = stream.is_unmapped

    def write_all(self) -> Iterator[int | None]:
        """Write all rows, and keep the state in step with what is on stdout.

        Yields:
            How many rows were written, block by block; None whenever the next block is not made yet.

        Raises:
            SalesforceError: Not all rows could be read. The state tells from where a later run goes on.
        """
        sobject = self._stream.definition.sobject.name
        self._deleted_at = dict(self._tap.deletions.get(sobject, Deletions()).deleted_at)
        passes = self._agenda.passes
        for each in passes:
            self._agenda.begin(each)
            self._tap.state_writer.write_state(self._tap.state)  # the next one in time is due as before
            self._stream.carry_version(self._agenda.version)
            done = yield from self._write_what_is_there(each)
            is_last = each is passes[-1]
            if is_last and self._deleted_at:
                yield from self._write_deletes(done)
            if is_last:
                self._sweep.tell_gap()
            if is_last and self._sweep.is_due:
                yield from self._write_missing(done)
            version = self._agenda.version_to_activate if is_last else None
            if version is not None:
                self._stream.write_activate_version(version)
                self._agenda.past.activated()
            self._agenda.end(done, deletes_are_told=is_last)
            self._tap.write_state()
            self._tap.reader.finish(self._position)

    def _write_what_is_there(self, each: Pass) -> Generator[int | None, None, Pass]:
        """Write a pass; a field that has vanished since discovery is left out, with a warning.

        Returns:
            The pass as it was read.
        """
        self._position, self._written = each.position, WrittenIds()
        try:
            yield from self._write(each)
        except QueryRefused as error:
            gone = self._vanished() if error.code in FIELD_REFUSED else []
            if not gone:
                raise
            names = ", ".join(column.name for column in gone)
            self._stream.logger.warning(
                "%s: no longer there for this user, and left out: %s", self._stream.name, names
            )
            each = self._agenda.without(each, gone, self._position)
            self._agenda.begin(each)
            yield from self._write(each)
        except RowsLost:
            self._agenda.past.forget_position()
            raise
        return each

    def _vanished(self) -> list[Column]:
        """Selected columns whose fields describe no longer shows: removed, or hidden from this user."""
        now = self._tap.describe_again(self._stream.definition.sobject.name)
        columns = self._stream.selected_columns
        return [column for column in columns if column.field and now.field(column.field.name) is None]

    def _write(self, each: Pass) -> Iterator[int | None]:
        begun: Page | None = None
        for made in self._tap.ahead.make(self._made(each)):
            if made is None:
                yield None
                continue
            page, block = made
            if page is not begun:
                begun = page
                if self._position != each.position:
                    self._tap.write_state_in_time()
                self._stream.progress.expect(page.rows + (page.rows_left or 0))
            if block is None:
                self._deleted_at |= dict.fromkeys(page.gone, self._stream.seen_at)
                self._sweep.keep_notes()
                self._advance(page)
                continue
            self._write_block(block)
            if self._deleted_at:
                is_old = each.position is not None and isinstance(page.raw, bytes)
                self._found(block.ids, each.until if is_old else None)
            if self._sweep.notes:
                self._sweep.note(block.ids)
            yield block.rows

    def _made(self, each: Pass) -> Iterator[tuple[Page, Block | None]]:
        """The blocks of a pass, each with its page; none where the page ends. A thread runs ahead with it."""
        # A job that an earlier run made read up to then; the pass that follows reads again what came late.
        within = each.query.window if each.position else None
        for page in self._tap.ahead.read(self._tap.reader.read(each.query, each.layout, each.position)):
            rest, told = self._written.without_them(page), page.without_rows()
            for block in each.layout.blocks(rest, self._agenda.version, within, self._tap.ahead.in_order):
                if _may_come_again(page):
                    self._written.note(block.ids_in_a_row)
                yield told, block
            yield told, None

    def _found(self, ids: Sequence[str], job_made_after: datetime | None) -> None:
        """Tell rows that the log of deletes names from those that a query still finds, be it in the bin.

        An old job shows them as they were when it was made: what was deleted later, it shows as alive.
        """
        for each_id in self._deleted_at.keys() & set(ids):
            if job_made_after is None:
                del self._deleted_at[each_id]
            elif parse_moment(self._deleted_at[each_id]) < job_made_after:
                self._in_old_job.add(each_id)

    def _advance(self, page: Page) -> None:
        if page.position is not None:
            self._position = page.position
            self._agenda.past.advance(page.position)
            if _may_come_again(page):
                self._tap.write_state()

    def _write_deletes(self, each: Pass) -> Iterator[int]:
        """Records that were deleted, though no window showed them.

        One that a query still finds lies in the recycle bin, with a stamp outside the window; it comes whole.
        """
        layout = each.layout
        kept = still_there(self._tap.session, each.query.sobject, self._deleted_at)
        unseen = kept - self._in_old_job
        for page in self._tap.reader.read_ids(each.query, layout, unseen) if unseen else ():
            for block in layout.blocks(page, self._agenda.version):
                self._write_block(block)
            yield page.rows
        if not self._stream.tells_deletes:
            return
        gone = {each_id: stamp for each_id, stamp in self._deleted_at.items() if each_id not in kept}
        yield self._write_gone(each, gone)

    def _write_missing(self, each: Pass) -> Iterator[int | None]:
        """Records that are not there any more, though no log tells of it."""
        for ids in self._sweep.gone(self._deleted_at, whole=each.reads_all):
            yield None if ids is None else self._write_gone(each, dict.fromkeys(ids, self._stream.seen_at))

    def _write_gone(self, each: Pass, deleted_at: Mapping[str, str]) -> int:
        block = each.layout.gone(deleted_at, self._agenda.version)
        self._write_block(block)
        self._stream.deletes += block.rows
        return block.rows

    def _write_block(self, block: Block) -> None:
        if self._is_unmapped:
            self._tap.lines.write_lines(block.lines)
            return
        # The SDK's own path applies stream maps and flattening; these expect every column.
        nothing = dict.fromkeys(column.name for column in self._stream.selected_columns)
        for record in block.records():
            self._stream.write_record(nothing | record)


def _may_come_again(page: Page) -> bool:
    """Whether the page's rows would come anew, should the rest of their job, or their locator, be lost."""
    if page.position is None:
        return page.rows_left != 0
    return isinstance(page.raw, bytes) and page.position["locator"] != NO_MORE
