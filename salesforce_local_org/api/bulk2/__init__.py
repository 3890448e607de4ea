"""Bulk API 2.0: ``/jobs/query`` and ``/jobs/ingest``."""

from __future__ import annotations

from salesforce_local_org.api.bulk2 import ingest, query
from salesforce_local_org.api.http import Router

router = Router()
router.routes = [*query.router.routes, *ingest.router.routes]
