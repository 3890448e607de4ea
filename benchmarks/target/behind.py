"""The local org that answers for the stand-in what is no record."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

import servers
from people import SCHEMA


class LocalOrg(servers.LocalOrg):
    """A local org that has the fields of the events.

    Args:
        folder: for its files.
    """

    def __init__(self, folder: Path) -> None:
        schema = folder / "schema.yaml"
        schema.write_text(SCHEMA)
        super().__init__(folder, schema)
