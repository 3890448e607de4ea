"""What a run came to, as one JSON file: for schedulers, dashboards and the run report."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from salesforce_seg.errors import ConfigurationError

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping


def check_folder(setting: str, path: str) -> None:
    """See before a run whether a file can be written at its end.

    Raises:
        ConfigurationError: Its folder does not exist.
    """
    if path and not Path(path).parent.is_dir():
        raise ConfigurationError(f"{setting}: the folder of {path} does not exist.")


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
