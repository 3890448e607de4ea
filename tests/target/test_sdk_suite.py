"""singer-sdk's own tests of targets, against the local org.

Its files hold streams of invented records. Without ``integrations`` they are not for Salesforce, and so this
target counts them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.testing import get_target_test_class

from target_salesforce_seg.target import TargetSalesforceSeg

if TYPE_CHECKING:
    from local_org_client import LocalOrgProcess

CONFIG: dict[str, Any] = {"username": "user@example.com", "password": "x"}

_Standard = get_target_test_class(TargetSalesforceSeg, config=CONFIG)


class TestStandardTarget(_Standard):  # type: ignore[misc, valid-type]
    """All of singer-sdk's target tests."""

    @pytest.fixture(autouse=True)
    def _in_a_folder_of_its_own(
        self, local_org: LocalOrgProcess, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        CONFIG["login_url"] = local_org.url
