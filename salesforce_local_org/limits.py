"""The org's limits: what ``/limits`` shows, counted over rolling windows by the org's clock."""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from salesforce_local_org.clock import Clock

API_REQUESTS = "DailyApiRequests"
APP_REQUESTS = "PerAppApiRequests"
"""What an administrator grants the client's app of the daily requests; 0 for an app without an allotment. It
shows in ``Sforce-Limit-Info`` alone (REST guide, "Limit Info Header")."""
LONG_REQUESTS = "ConcurrentLongRequests"
"""Requests that run for 20 seconds or longer, at once; not part of ``/limits``, but set like the others."""

# Names and maxima of a Developer Edition org, as the REST guide's "Limits" page and its sample show them.
MAXIMA = {
    "ActiveScratchOrgs": 3,
    "AnalyticsExternalDataSizeMB": 40960,
    "ConcurrentAsyncGetReportInstances": 200,
    "ConcurrentEinsteinDataInsightsStoryCreation": 5,
    "ConcurrentEinsteinDiscoveryStoryCreation": 2,
    "ConcurrentSyncReportRuns": 20,
    "DailyAnalyticsDataflowJobExecutions": 60,
    "DailyAnalyticsUploadedFilesSizeMB": 51200,
    "DailyApiRequests": 15000,
    "DailyAsyncApexExecutions": 250000,
    "DailyAsyncApexTests": 500,
    "DailyBulkApiBatches": 15000,
    "DailyBulkV2QueryFileStorageMB": 976562,
    "DailyBulkV2QueryJobs": 10000,
    "DailyDeliveredPlatformEvents": 10000,
    "DailyDurableGenericStreamingApiEvents": 10000,
    "DailyDurableStreamingApiEvents": 10000,
    "DailyEinsteinDataInsightsStoryCreation": 1000,
    "DailyEinsteinDiscoveryOptimizationJobRuns": 1000,
    "DailyEinsteinDiscoveryPredictAPICalls": 50000,
    "DailyEinsteinDiscoveryPredictionsByCDC": 500000,
    "DailyEinsteinDiscoveryStoryCreation": 100,
    "DailyFunctionsApiCallLimit": 235000,
    "DailyGenericStreamingApiEvents": 10000,
    "DailyScratchOrgs": 6,
    "DailyStandardVolumePlatformEvents": 10000,
    "DailyStreamingApiEvents": 10000,
    "DailyWorkflowEmails": 15,
    "DataStorageMB": 5,
    "DurableStreamingApiConcurrentClients": 20,
    "FileStorageMB": 20,
    "HourlyAsyncReportRuns": 1200,
    "HourlyDashboardRefreshes": 200,
    "HourlyDashboardResults": 5000,
    "HourlyDashboardStatuses": 999999999,
    "HourlyLongTermIdMapping": 100000,
    "HourlyManagedContentPublicRequests": 50000,
    "HourlyODataCallout": 1000,
    "HourlyPublishedPlatformEvents": 50000,
    "HourlyPublishedStandardVolumePlatformEvents": 1000,
    "HourlyShortTermIdMapping": 100000,
    "HourlySyncReportRuns": 500,
    "HourlyTimeBasedWorkflow": 50,
    "MassEmail": 10,
    "MonthlyEinsteinDiscoveryStoryCreation": 500,
    "MonthlyPlatformEventsUsageEntitlement": 0,
    "Package2VersionCreates": 6,
    "Package2VersionCreatesWithoutValidation": 500,
    "PermissionSets": 1500,
    "PrivateConnectOutboundCalloutHourlyLimitMB": 0,
    "PublishCallbackUsageInApex": 31457280,
    "SingleEmail": 15,
    "StreamingApiConcurrentClients": 20,
}
RESULT_PAGE_ROWS = "BulkResultPageRecords"
"""The most records of one page of a bulk query's result; lower it to get many pages out of few records."""
QUERY_PAGE_ROWS = "QueryPageRecords"
"""The same for a page of ``/query``: Salesforce promises no page size ("Query Options Header")."""
UNLISTED_MAXIMA = {APP_REQUESTS: 0, LONG_REQUESTS: 5, RESULT_PAGE_ROWS: 100_000, QUERY_PAGE_ROWS: 2_000}

HOUR, DAY = timedelta(hours=1), timedelta(hours=24)


class Limits:
    """Maxima and what is used of them. Uses older than the window (an hour, a day) are given back."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._maxima = MAXIMA | UNLISTED_MAXIMA
        self._uses: dict[str, deque[tuple[datetime, float]]] = {}
        self._sums: dict[str, float] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._maxima

    def maximum(self, name: str) -> int:
        """How much of a limit there is in all."""
        return self._maxima[name]

    def used(self, name: str) -> float:
        """How much of a limit is used in the window that ends now."""
        with self._lock:
            return self._used(name)

    def remaining(self, name: str) -> float:
        """How much of a limit is left, never below zero."""
        return max(0, self._maxima[name] - self.used(name))

    def use(self, name: str, amount: float = 1) -> float:
        """Use some of a limit, past its maximum too: refusing is the caller's part. Gives what is used."""
        with self._lock:
            used = self._used(name) + amount
            if amount:
                self._append(name, amount)
            return used

    def set(self, name: str, maximum: int | None, remaining: int | None) -> None:
        """Set a limit's maximum, or what remains of it from now on, or both."""
        with self._lock:
            if maximum is not None:
                self._maxima[name] = maximum
            if remaining is not None:
                self._uses[name] = deque()
                self._sums[name] = 0
                self._append(name, self._maxima[name] - remaining)

    def listing(self) -> Mapping[str, dict[str, int]]:
        """Every limit that ``/limits`` shows: ``{name: {"Max", "Remaining"}}``."""
        return {
            name: {"Max": self._maxima[name], "Remaining": int(self.remaining(name))}
            for name in sorted(self._maxima)
            if name not in UNLISTED_MAXIMA
        }

    def _used(self, name: str) -> float:
        uses = self._uses.get(name)
        if not uses:
            return 0
        oldest_counted = self._clock.now() - (HOUR if name.startswith("Hourly") else DAY)
        while uses and uses[0][0] <= oldest_counted:
            self._sums[name] -= uses.popleft()[1]
        return self._sums[name]

    def _append(self, name: str, amount: float) -> None:
        uses, minute = self._uses.setdefault(name, deque()), self._clock.now().replace(second=0)
        before = uses.pop()[1] if uses and uses[-1][0] == minute else 0
        uses.append((minute, before + amount))
        self._sums[name] = self._sums.get(name, 0) + amount
