"""``docs/local-org.md`` names every endpoint there is, and proofs that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from salesforce_local_org.api import app
from salesforce_local_org.faults import ACTIONS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "local-org.md").read_text()
PROOFS = TEXT.partition("## What answers")[2].partition("## What it does not do")[0]


def documented() -> set[str]:
    """The endpoints of the table, an X in each place that varies."""
    names = re.findall(r"`(?:GET |POST )?(/[^`]*)`", PROOFS)
    bare = (name.replace("XX.X", "X").removeprefix("/services/data/vX") for name in names)
    return {re.sub(r"\b(X|ID|KEY|VALUE|ORG|USER|[uc](?=/X))\b", "X", name).rstrip("/") for name in bare}


@pytest.mark.parametrize("path", sorted({route.pattern.pattern for route in app.routes()}))
def test_every_endpoint_is_in_the_table(path: str) -> None:
    bare = (
        re.sub(r"\(\?P<\w+>[^)]*\)", "X", path.removesuffix("/?"))
        .removeprefix("/services/data/vX")
        .rstrip("/")
    )

    assert any(bare == name or (name and bare.startswith(f"{name}/")) for name in documented())


def test_every_proof_is_a_test() -> None:
    names = re.findall(r"`(?:tests/(?:local_org|fidelity)/)?(test_[\w*]+\.py)`", PROOFS)

    assert len(names) > 20
    for name in names:
        assert list((ROOT / "tests").glob(f"*/{name}")), name


def test_every_fault_is_documented() -> None:
    assert all(f'"{action}"' in TEXT for action in ACTIONS)


def test_the_schema_file_of_the_page_is_good(tmp_path: Path) -> None:
    from salesforce_local_org.org import Org

    file = tmp_path / "schema.yaml"
    file.write_text(TEXT.partition("```yaml\n")[2].partition("```")[0])
    org = Org(schema_file=file)

    account = org.schema.object("Account")
    assert org.schema.object("Invoice__c")
    assert account
    assert account.field("Customer_Key__c")
