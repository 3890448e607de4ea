"""The refresh flow and the file that keeps a rotated token."""

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from raw_server import answer

from salesforce_seg.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_org_client import OrgClient

FIRST = "5Aep-first-refresh-token"


@pytest.fixture
def rotating(org: OrgClient) -> OrgClient:
    org.local("POST", "login", {"rotate_refresh_tokens": True})
    return org


def config(org: OrgClient, file: Path | None = None, **more: str) -> dict[str, str]:
    kept = {"refresh_token_file": str(file)} if file else {}
    return {"login_url": org.url, "client_id": "consumer-key", "refresh_token": FIRST} | kept | more


def kept(file: Path) -> str:
    return str(json.loads(file.read_text())["refresh_token"])


def test_a_rotated_token_is_kept_for_its_owner_only_and_beats_the_setting(
    rotating: OrgClient, connect: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "refresh.json"
    connect(**config(rotating, file)).session.login()
    second = kept(file)
    assert second != FIRST
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    connect(**config(rotating, file)).session.login()  # the org no longer takes FIRST
    assert kept(file) not in {FIRST, second}
    assert {entry.name for entry in tmp_path.iterdir()} == {"refresh.json", "refresh.json.lock"}


def test_a_token_that_is_not_rotated_is_not_written(
    org: OrgClient, connect: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "refresh.json"
    connect(**config(org, file)).session.login()
    assert not file.exists()


def test_the_new_token_is_on_disk_before_the_new_access_token_is_used(
    raw: Callable[..., Any], connect: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "refresh.json"
    seen: list[str] = []

    def limits(_: Any) -> bytes:
        seen.append(kept(file))
        return answer(200, {})

    server = raw(answer())
    token = {"access_token": "00Dnew!token", "instance_url": server.url, "refresh_token": "5Aep-second-token"}
    server.script[:] = [answer(200, token), limits]
    session = connect(
        login_url=server.url, client_id="c", refresh_token=FIRST, refresh_token_file=str(file)
    ).session
    session.call("GET", "limits")
    assert seen == ["5Aep-second-token"]


def test_an_expired_session_is_renewed_with_the_newest_token(
    rotating: OrgClient, connect: Callable[..., Any], tmp_path: Path
) -> None:
    for file in (tmp_path / "refresh.json", None):
        session = connect(**config(rotating, file, refresh_token=f"{FIRST}-{file is None}")).session
        session.call("GET", "limits")
        rotating.faults([{"path": "limits", "action": {"expire_sessions": True}}])
        session.call("GET", "limits")


def test_without_a_file_a_rotated_token_is_warned_about(
    rotating: OrgClient, connect: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    connect(**config(rotating)).session.login()
    assert any("Set refresh_token_file" in each for each in caplog.messages)
    assert FIRST not in caplog.text


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"refresh_token": 7}', '{"refresh_token": ""}', "\x00"])
def test_a_file_that_holds_no_token_is_named(
    connect: Callable[..., Any], tmp_path: Path, content: str
) -> None:
    file = tmp_path / "refresh.json"
    file.write_text(content)
    session = connect(client_id="c", refresh_token=FIRST, refresh_token_file=str(file)).session
    with pytest.raises(ConfigurationError, match=r"refresh\.json does not hold"):
        session.login()


def test_a_file_that_others_can_read_is_warned_about(
    org: OrgClient, connect: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "refresh.json"
    file.write_text(json.dumps({"refresh_token": "5Aep-made-by-hand"}))
    for mode, warned in ((0o600, False), (0o644, True)):
        file.chmod(mode)
        connect(**config(org, file)).session.login()
        assert ("chmod 600" in caplog.text) is warned


def test_a_file_that_is_not_there_yet_needs_the_setting(connect: Callable[..., Any], tmp_path: Path) -> None:
    session = connect(client_id="c", refresh_token_file=str(tmp_path / "refresh.json")).session
    with pytest.raises(ConfigurationError, match="set refresh_token for the first login"):
        session.login()


def test_a_file_that_cannot_be_written_is_known_before_the_old_token_is_spent(
    rotating: OrgClient, connect: Callable[..., Any], tmp_path: Path
) -> None:
    session = connect(**config(rotating, tmp_path / "no-such-folder" / "refresh.json")).session
    with pytest.raises(ConfigurationError, match="cannot be written"):
        session.login()
    assert rotating.requests() == []


def test_the_reader_of_a_stale_token_is_told_which_file_wins(
    org: OrgClient, connect: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "refresh.json"
    file.write_text(json.dumps({"refresh_token": "expired-long-ago"}))
    with pytest.raises(ConfigurationError, match="delete it first"):
        connect(**config(org, file)).session.login()


def test_two_processes_share_the_file(
    rotating: OrgClient, connect: Callable[..., Any], tmp_path: Path
) -> None:
    """Tap and target of one pipe refresh at once: without a lock the second would use a dead token."""
    file = tmp_path / "refresh.json"
    sessions = [connect(**config(rotating, file)).session for _ in range(6)]
    errors: list[BaseException] = []

    def log_in(session: Any) -> None:
        try:
            session.login()
        except ConfigurationError as error:
            errors.append(error)

    threads = [threading.Thread(target=log_in, args=[session]) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_a_home_folder_may_be_meant(
    rotating: OrgClient, connect: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    connect(**config(rotating, Path("~/refresh.json"))).session.login()
    assert (tmp_path / "refresh.json").exists()
    assert not os.access(tmp_path / "~", os.F_OK)
