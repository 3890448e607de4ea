"""What this machine can do at all: typed CSV bytes in, RECORD lines out, and nothing else around it.

    python limit.py LIBRARY PAGE.csv TYPES.json ROWS TOOK.json

Runs in an environment of its own (``run.py`` makes it). The page is in memory before the clock starts; it is
turned into lines on stdout again and again until there were so many rows. The seconds and CPU seconds of this
loop, and of it alone, are written to a file. Values become what JSON has for their type; dates stay text.
There is no check, no bookmark and no compound field, all of which a tap has to add. A library is imported
where it is used, as its rivals' memory and threads must not be beside it.
"""

from __future__ import annotations

import csv
import io
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Convert = Callable[[bytes], bytes | bytearray]

BOOLEAN, INTEGER, NUMBER, TEXT = "boolean", "integer", "number", "text"
ENVELOPE = {"type": "RECORD", "stream": "accounts"}
EXTRACTED = "2026-01-01T00:00:00.000000+00:00"


def by_polars(types: Mapping[str, str]) -> Convert:
    """polars: a frame with typed columns, written as lines of JSON; it uses every core by itself."""
    import polars as pl  # noqa: PLC0415

    kinds = {BOOLEAN: pl.Boolean, INTEGER: pl.Int64, NUMBER: pl.Float64, TEXT: pl.String}
    schema = {name: kinds[kind] for name, kind in types.items()}
    envelope = [pl.lit(value).alias(name) for name, value in ENVELOPE.items()]

    def convert(page: bytes) -> bytes:
        frame = pl.read_csv(page, schema=schema, null_values="")
        lines = io.BytesIO()
        record = pl.struct(pl.all()).alias("record")
        frame.select(*envelope, record, pl.lit(EXTRACTED).alias("time_extracted")).write_ndjson(lines)
        return lines.getvalue()

    return convert


def by_pyarrow(types: Mapping[str, str]) -> Convert:
    """pyarrow: a table with typed columns, its rows as dictionaries, encoded by msgspec."""
    import msgspec  # noqa: PLC0415
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import csv as pa_csv  # noqa: PLC0415

    kinds = {BOOLEAN: pa.bool_(), INTEGER: pa.int64(), NUMBER: pa.float64(), TEXT: pa.string()}
    read = pa_csv.ReadOptions(column_names=list(types), skip_rows=1)
    parse = pa_csv.ParseOptions(newlines_in_values=True)
    convert_options = pa_csv.ConvertOptions(
        column_types={name: kinds[kind] for name, kind in types.items()},
        null_values=[""],
        strings_can_be_null=True,
    )
    encode = msgspec.json.Encoder().encode_lines

    def convert(page: bytes) -> bytes:
        table = pa_csv.read_csv(
            io.BytesIO(page), read_options=read, parse_options=parse, convert_options=convert_options
        )
        envelope = ENVELOPE | {"time_extracted": EXTRACTED}
        return encode([envelope | {"record": row} for row in table.to_pylist()])

    return convert


def by_csv_and_msgspec(types: Mapping[str, str]) -> Convert:
    """The csv module, columns made to their types, rows encoded by msgspec as structs."""
    import msgspec  # noqa: PLC0415

    record = msgspec.defstruct("Record", list(types))
    head = json.dumps(ENVELOPE, separators=(",", ":"))[:-1].encode() + b',"record":'
    tail = f',"time_extracted":"{EXTRACTED}"}}\n'.encode()
    encoder = msgspec.json.Encoder()
    columns = [_COLUMNS[kind] for kind in types.values()]

    def convert(page: bytes) -> bytearray:
        rows = csv.reader(io.TextIOWrapper(io.BytesIO(page), encoding="utf-8", newline=""))
        next(rows)
        lines = bytearray()
        made = [column(cells) for column, cells in zip(columns, zip(*rows), strict=True)]  # noqa: B905
        for row in zip(*made):  # noqa: B905
            lines += head
            encoder.encode_into(record(*row), lines, -1)
            lines += tail
        return lines

    return convert


_COLUMNS: Mapping[str, Callable[[tuple[str, ...]], list[Any]]] = {
    BOOLEAN: lambda cells: [cell == "true" if cell else None for cell in cells],
    INTEGER: lambda cells: [int(cell) if cell else None for cell in cells],
    NUMBER: lambda cells: [float(cell) if cell else None for cell in cells],
    TEXT: lambda cells: [cell or None for cell in cells],
}

LIBRARIES = {
    "polars": by_polars,
    "pyarrow and msgspec": by_pyarrow,
    "csv and msgspec": by_csv_and_msgspec,
}


def main() -> None:
    library, page_file, types_file, rows, took_file = sys.argv[1:]
    page = Path(page_file).read_bytes()
    convert = LIBRARIES[library](json.loads(Path(types_file).read_text()))
    rows_of_page = convert(page).count(b'"type":"RECORD"')
    out = sys.stdout.buffer
    started, cpu_before = time.perf_counter(), time.process_time()
    for _ in range(max(1, int(rows) // rows_of_page)):
        out.write(convert(page))
    out.flush()
    took = {"seconds": time.perf_counter() - started, "cpu_seconds": time.process_time() - cpu_before}
    Path(took_file).write_text(json.dumps(took))


if __name__ == "__main__":
    main()
