"""What a run came to, as files: JSON for schedulers and dashboards, a page for people."""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from salesforce_seg.errors import ConfigurationError
from salesforce_seg.run_report import report

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping


def report_option() -> click.Option:
    """The option ``--report``, which sets ``report_path``."""
    return click.Option(
        ["--report", "report_path"],
        help="Write what the run came to as a page that a browser shows: the setting report_path.",
        type=click.Path(dir_okay=False),
        metavar="FILE.html",
    )


def publish(summary: Mapping[str, Any], summary_path: str, report_path: str, logger: logging.Logger) -> None:
    """Write the files of a run that is over, those that are asked for.

    Args:
        summary: What the run came to, as JSON values.
        summary_path: The file for the summary.
        report_path: The file for the page.
        logger: Where to log what could not be written.
    """
    ended_at = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    whole = {**summary, "ended_at": ended_at}
    write_file("summary_path", summary_path, as_json(whole), logger)
    if report_path:
        write_file("report_path", report_path, report(whole), logger)


def check_folder(setting: str, path: str) -> None:
    """See before a run whether a file can be written at its end.

    Raises:
        ConfigurationError: Its folder does not exist, or it is a folder itself.
    """
    if path and not Path(path).parent.is_dir():
        raise ConfigurationError(f"{setting}: the folder of {path} does not exist.")
    if path and Path(path).is_dir():
        raise ConfigurationError(f"{setting}: {path} is a folder; give the name of a file in it.")


def write_file(setting: str, path: str, text: str, logger: logging.Logger) -> None:
    """Write a file whole: nobody ever sees half of it. A failure is logged, as the run itself is done.

    Args:
        setting: Which names the file, for the message.
        path: The file; nothing is done if empty.
        text: Its content.
        logger: Where to log.
    """
    if not path:
        return
    file = Path(path)
    draft = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(file)
    except OSError as error:
        logger.error("%s: %s cannot be written (%s).", setting, path, error.strerror)  # noqa: TRY400


def as_json(summary: Mapping[str, Any]) -> str:
    """The summary as a JSON text."""
    return json.dumps(summary, indent=2) + "\n"
