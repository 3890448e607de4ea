"""CSV as the Bulk APIs write and read it (Bulk API 2.0 guide, "Prepare CSV Files")."""

from __future__ import annotations

import csv
import math
import mmap
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}

LONGEST_VALUE = 32_000
LONGEST_HEADER = 32_000
LONGEST_RECORD = 400_000
MOST_FIELDS = 5_000

_WRONG_LINE_ENDINGS = {"LF": re.compile(rb"\r\n"), "CRLF": re.compile(rb"(?<!\r)\n")}


class CsvError(Exception):
    """A file that Salesforce refuses as a whole; the message is what the job's ``errorMessage`` says."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a job's CSV looks: the names that ``columnDelimiter`` and ``lineEnding`` take."""

    column_delimiter: str = "COMMA"
    line_ending: str = "LF"

    @property
    def delimiter(self) -> str:
        """The character between two values."""
        return DELIMITERS[self.column_delimiter]

    @property
    def terminator(self) -> str:
        """The characters at the end of a row."""
        return LINE_ENDINGS[self.line_ending]

    def line(self, values: Iterable[str], *, quote: bool = True) -> str:
        """One row with its line ending; every value quoted, or none but those that need it."""
        separator = self.delimiter
        if quote:
            cells = ['"' + value.replace('"', '""') + '"' for value in values]
        else:
            cells = [_quoted_if_needed(value, separator) for value in values]
        return separator.join(cells) + self.terminator


@dataclass(frozen=True, slots=True)
class CsvFile:
    """An uploaded CSV file that has been looked through once."""

    path: Path
    dialect: Dialect
    header: list[str]
    row_count: int

    @classmethod
    def check(cls, path: Path, dialect: Dialect, *, any_line_ending: bool = False) -> CsvFile:
        """Read a file to its end, keeping none of it.

        Args:
            path: The file.
            dialect: How it should look.
            any_line_ending: Take LF and CRLF alike, as Bulk API 1.0 does.

        Raises:
            CsvError: It is not UTF-8, has other line endings than the job says (inside quotes too), breaks
                the quoting rules, has a row longer or shorter than the header, or is past a limit.
        """
        if not any_line_ending:
            _check_line_endings(path, dialect)
        header: list[str] | None = None
        count = 0
        for count, row in enumerate(_checked_rows(path, dialect)):
            if header is None:
                header = row
                _check_header(row, dialect)
            elif len(row) != len(header):
                raise _unparsable(f"Row {count} has {len(row)} values, the header has {len(header)}")
            elif len(max(row, key=len)) > LONGEST_VALUE:
                raise _unparsable(f"Row {count} has a value longer than {LONGEST_VALUE} characters")
            elif sum(map(len, row)) > LONGEST_RECORD:
                raise _unparsable(f"Row {count} is longer than {LONGEST_RECORD} characters")
        if not header or not count:
            raise CsvError("InvalidBatch : Records not found")
        return cls(path, dialect, header, count)

    def rows(self) -> Iterator[list[str]]:
        """The rows below the header, as text. A byte-order mark is part of the header, as on Salesforce."""
        with self.path.open(encoding="utf-8", newline="\n") as lines:
            reader = csv.reader(lines, delimiter=self.dialect.delimiter, strict=True)
            next(reader)
            yield from filter(None, reader)


def java_double(value: float | None) -> str:
    """A double as Java's ``Double.toString`` prints it: ``5.0``, ``9.12260031E8``; None is empty."""
    if value is None:
        return ""
    value = float(value)
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    digits, _, written_exponent = repr(value).partition("e")
    mantissa, exponent = _one_digit_before_point(digits, int(written_exponent or 0))
    return f"{mantissa}E{exponent}"


def _one_digit_before_point(digits: str, exponent: int) -> tuple[str, int]:
    sign = "-" if digits.startswith("-") else ""
    whole, _, fraction = digits.lstrip("-").partition(".")
    if whole.strip("0"):
        exponent += len(whole) - 1
        all_digits = whole + fraction
    else:
        significant = fraction.lstrip("0")
        exponent -= len(fraction) - len(significant) + 1
        all_digits = significant
    rest = all_digits[1:].rstrip("0") or "0"
    return f"{sign}{all_digits[0]}.{rest}", exponent


def _quoted_if_needed(value: str, delimiter: str) -> str:
    if any(character in value for character in (delimiter, '"', "\n", "\r")):
        return '"' + value.replace('"', '""') + '"'
    return value


def _unparsable(reason: str) -> CsvError:
    return CsvError(f"InvalidBatch : Failed to parse CSV. {reason}")


def _check_line_endings(path: Path, dialect: Dialect) -> None:
    if not path.stat().st_size:
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if _WRONG_LINE_ENDINGS[dialect.line_ending].search(content):
            raise CsvError(
                "ClientInputError : LineEnding is invalid on user data."
                f" Current LineEnding setting is {dialect.line_ending}"
            )


def _check_header(header: list[str], dialect: Dialect) -> None:
    if len(dialect.line(header, quote=False)) > LONGEST_HEADER:
        raise _unparsable(f"The header is longer than {LONGEST_HEADER} characters")
    if len(header) > MOST_FIELDS:
        raise _unparsable(f"The header has more than {MOST_FIELDS} fields")


def _checked_rows(path: Path, dialect: Dialect) -> Iterator[list[str]]:
    """Every row, the header first, held against the quoting rules; blank lines are no rows."""
    well_formed = _row_pattern(dialect.delimiter)
    pending: list[str] = []

    def feed(lines: Iterable[str]) -> Iterator[str]:
        for line in lines:
            pending.append(line)
            yield line

    with path.open(encoding="utf-8", newline="\n") as lines:
        try:
            for row in csv.reader(feed(lines), delimiter=dialect.delimiter, strict=True):
                if '"' in "".join(row) and not well_formed.fullmatch("".join(pending)):
                    raise _unparsable(_UNESCAPED)
                pending.clear()
                if row:
                    yield row
        except UnicodeDecodeError:
            raise _unparsable("The file is not encoded in UTF-8") from None
        except csv.Error as error:
            raise _unparsable(_CSV_ERRORS.get(str(error).partition(" (")[0], _UNESCAPED)) from None


_UNESCAPED = "Found unescaped quote. A value with quote should be within a quote"
_CSV_ERRORS = {
    "unexpected end of data": "A quoted value does not end",
    "field larger than field limit": f"A value is longer than {LONGEST_VALUE} characters",
}


def _row_pattern(delimiter: str) -> re.Pattern[str]:
    """A row that keeps the rules: a value is quoted from end to end, or has no quote in it."""
    value = rf'(?:"(?:[^"]|"")*"|[^"{re.escape(delimiter)}\r\n]*)'
    return re.compile(rf"{value}(?:{re.escape(delimiter)}{value})*(?:\r?\n)?")
