"""Salesforce to a warehouse, by several workers at once: a task a shard.

Copy this file into your DAGs folder. The workers need the Meltano project, installed, at the path in the
Airflow variable ``meltano_project``; ``meltano_command`` names the Meltano to call.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

WORKERS = 2
EXTRACTOR, LOADER = "tap-salesforce-seg", "target-jsonl"

# Each worker has a state of its own, so none waits for, or overwrites, another's bookmarks. `meltano el`
# keeps the files of a run apart, which `meltano run` does not where one plugin runs twice at a time.
COMMAND = 'cd "$MELTANO_PROJECT" && "$MELTANO" el --state-id="salesforce-$SHARD" ' + f"{EXTRACTOR} {LOADER}"

with DAG(
    "salesforce_to_warehouse",
    schedule=timedelta(hours=3),
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,  # a run reads all changes since the last one, however long ago that was
    max_active_runs=1,  # two runs of one state would read the same rows
    default_args={"retries": 2, "retry_delay": timedelta(minutes=5)},
) as dag:
    for number in range(1, WORKERS + 1):
        BashOperator(
            task_id=f"shard_{number}_of_{WORKERS}",
            bash_command=COMMAND,
            append_env=True,
            env={
                "MELTANO_PROJECT": "{{ var.value.meltano_project }}",
                "MELTANO": "{{ var.value.get('meltano_command', 'meltano') }}",
                "SHARD": f"{number}of{WORKERS}",
                "TAP_SALESFORCE_SEG_SHARD": f"{number}/{WORKERS}",
            },
        )
