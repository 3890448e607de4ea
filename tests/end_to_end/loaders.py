"""Singer loaders, and a tap, in virtual environments of their own, and a throw-away PostgreSQL.

Loaders pin what the tap does not (target-jsonl wants a jsonschema of 2017), so each is installed once into
``.venv-loaders/`` and kept for the next run. Where that cannot be done the test says so and is skipped.
"""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2] / ".venv-loaders"
UV = Path(sys.executable).parent / "uv"
"""Comes with Meltano, and installs in a tenth of the time that pip takes."""

REQUIREMENTS = {
    "target-jsonl": ["target-jsonl==0.1.4"],
    # duckdb 1.1 and later make target-duckdb 0.8.0 lose the first row of each batch.
    "target-duckdb": ["target-duckdb==0.8.0", "duckdb==1.0.0"],
    "target-postgres": ["meltanolabs-target-postgres==0.8.1"],
    "target-csv": ["meltanolabs-target-csv==0.5.0"],
    "tap-postgres": ["meltanolabs-tap-postgres==0.10.0"],
}


def loader(name: str) -> Path:
    """The loader's command, installed if need be."""
    ROOT.mkdir(exist_ok=True)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    venv = ROOT / f"{name}-py{version}"
    with (ROOT / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (venv / "installed").exists():
            shutil.rmtree(venv, ignore_errors=True)
            subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, venv], check=True)
            install = [UV, "pip", "install", "--quiet", "--python", venv, *REQUIREMENTS[name]]
            answer = subprocess.run(install, capture_output=True, text=True, check=False)
            if answer.returncode:
                pytest.skip(f"{name} cannot be installed here: {answer.stderr.strip()[-300:]}")
            (venv / "installed").touch()
    return venv / "bin" / name


def python_of(name: str) -> Path:
    """The Python beside a loader, for libraries that only the loader has."""
    return loader(name).parent / "python"


_READ_DUCKDB = """
import duckdb, json, sys
tables = {}
connection = duckdb.connect(sys.argv[1], read_only=True)
found = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'sfdc'"
for (table,) in connection.execute(found).fetchall():
    rows = connection.execute(f'SELECT * FROM sfdc."{table}"')
    names = [column[0] for column in rows.description]
    tables[table] = [dict(zip(names, row)) for row in rows.fetchall()]
print(json.dumps(tables, default=str))
"""


def duckdb_tables(database: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows of all tables in the schema ``sfdc`` of a DuckDB file, by table."""
    read = [python_of("target-duckdb"), "-c", _READ_DUCKDB, database]
    tables: dict[str, list[dict[str, Any]]] = json.loads(
        subprocess.run(read, capture_output=True, text=True, check=True).stdout
    )
    return tables


class PostgresServer:
    """A PostgreSQL cluster in a directory of its own, on a free port, without a password."""

    def __init__(self) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        on_path = shutil.which("initdb")
        if not found and not on_path:
            pytest.skip("no PostgreSQL server is installed here (Debian: apt-get install postgresql)")
        self._bin = found[-1].parent if found else Path(str(on_path)).parent
        self.directory = Path(tempfile.mkdtemp(prefix="salesforce-seg-postgres-"))
        self._as_postgres: list[str] = []
        if os.geteuid() == 0:  # initdb refuses to run as root
            self._as_postgres = ["runuser", "-u", "postgres", "--"]
            os.chown(self.directory, pwd.getpwnam("postgres").pw_uid, -1)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        data = self.directory / "data"
        self._run("initdb", "-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C", "-N")
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.directory}"
        self._run(
            "pg_ctl", "-D", data, "-w", "-l", self.directory / "log", "-o", f"{options} -c fsync=off", "start"
        )

    def _run(self, command: str, *arguments: Any) -> None:
        line = [*self._as_postgres, str(self._bin / command), *map(str, arguments)]
        subprocess.run(line, check=True, cwd="/", stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)

    @property
    def settings(self) -> dict[str, Any]:
        """How tap-postgres and target-postgres get in."""
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "user": "postgres",
            "password": "none",
            "database": "postgres",
        }

    def execute(self, sql: str) -> str:
        """Run SQL; what it prints."""
        connection = [f"--host={self.directory}", f"--port={self.port}", "--username=postgres"]
        command = [str(self._bin / "psql"), *connection, "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def rows(self, query: str) -> list[dict[str, Any]]:
        """The rows of a query."""
        printed = self.execute(f"SELECT row_to_json(t)::text FROM ({query}) t")
        return [json.loads(line) for line in printed.split("\n") if line]

    def stop(self) -> None:
        """Stop the server and remove its files."""
        self._run("pg_ctl", "-D", self.directory / "data", "-m", "immediate", "stop")
        shutil.rmtree(self.directory, ignore_errors=True)
