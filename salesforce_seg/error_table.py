"""Which answer of Salesforce means what, as data."""

from __future__ import annotations

from dataclasses import dataclass

from salesforce_seg.errors import Remedy


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table."""

    remedy: Remedy


RULES: tuple[Rule, ...] = ()


def rule_for(status: int, code: str, message: str = "") -> Rule:
    """The first rule that matches."""
    raise NotImplementedError
