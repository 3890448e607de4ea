"""Bulk API 1.0, ``/services/async``: as far as the clients that still speak it need (Bulk API guide)."""

from __future__ import annotations

from salesforce_local_org.api.bulk1.documents import error_document
from salesforce_local_org.api.bulk1.resources import router

__all__ = ["error_document", "router"]
