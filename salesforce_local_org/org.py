"""One org: its clock, schema, records, sessions, limits and faults, held together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Session:
    """A login: the token a client carries, and whose it is."""

    token: str
    user_id: str
    client_name: str = ""


class Org:
    """Everything a resource may touch. ``reset`` makes it a fresh org."""
