"""Salesforce's collections as Dagster assets: one tap run for those that are materialised together.

Start it with ``MELTANO_PROJECT=/path/to/project dagster dev -f definitions.py``. Rows, deletes, seconds and
API calls of each run are the assets' metadata.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

EXTRACTOR, LOADER = "tap-salesforce-seg", "target-jsonl"
COLLECTIONS = ("accounts", "contacts", "leads", "opportunities", "cases", "tasks", "users")


@dg.multi_asset(
    specs=[dg.AssetSpec(name, group_name="salesforce", kinds={"salesforce"}) for name in COLLECTIONS],
    can_subset=True,
    # One state for all of them: two runs at a time would overwrite each other's bookmarks.
    pool="salesforce",
)
def salesforce(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Extract the chosen collections in one run, so that they share logins, describes and API calls."""
    chosen = sorted(key.to_user_string() for key in context.selected_asset_keys)
    with tempfile.TemporaryDirectory() as folder:
        summary_path = Path(folder) / "summary.json"
        settings = {
            "TAP_SALESFORCE_SEG__SELECT": json.dumps([f"{name}.*" for name in chosen]),
            "TAP_SALESFORCE_SEG_SUMMARY_PATH": str(summary_path),
        }
        subprocess.run(
            [os.environ.get("MELTANO", "meltano"), "el", "--state-id=salesforce-assets", EXTRACTOR, LOADER],
            cwd=os.environ["MELTANO_PROJECT"],
            env={**os.environ, **settings},
            check=True,
        )
        summary = json.loads(summary_path.read_text())
    for name in chosen:
        stream = summary["streams"][name]
        yield dg.MaterializeResult(
            asset_key=name,
            metadata={
                "dagster/row_count": stream["rows"],
                "deletes": stream["deletes"],
                "seconds": stream["seconds"],
                "api_calls_of_the_run": summary["api_calls"],
            },
        )


every_three_hours = dg.ScheduleDefinition(
    name="every_three_hours", target=dg.AssetSelection.groups("salesforce"), cron_schedule="0 */3 * * *"
)
defs = dg.Definitions(assets=[salesforce], schedules=[every_three_hours])
