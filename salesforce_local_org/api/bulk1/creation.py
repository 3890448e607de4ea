"""What a client asks for when it creates a job of Bulk API 1.0."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from salesforce_local_org import ids
from salesforce_local_org.api.bulk1.batch import ClassicJob
from salesforce_local_org.api.bulk1.documents import AsyncError, read_document
from salesforce_local_org.bulk.extract import UNSUPPORTED_OBJECTS
from salesforce_local_org.bulk.load import OPERATIONS
from salesforce_local_org.bulk.order import PK_CHUNK_ROWS
from salesforce_local_org.writes import Options

if TYPE_CHECKING:
    from salesforce_local_org.api.http import Request
    from salesforce_local_org.org import Org

MOST_PK_CHUNK_ROWS = 250_000
_QUERIES = ("query", "queryAll")
_CONTENT_TYPES = ("CSV", "JSON", "XML")
_CONCURRENCY_MODES = {"0": "Parallel", "1": "Serial", "parallel": "Parallel", "serial": "Serial"}


def new_job(request: Request) -> ClassicJob:
    """A job as a jobInfo document asks for it.

    Raises:
        ApiError: 400 with an exception code of Bulk API 1.0.
    """
    document = read_document(request)
    org, options = request.org, Options.of(request)
    operation, content_type = document.get("operation"), document.get("contentType") or "XML"
    if operation not in (*OPERATIONS, *_QUERIES):
        raise AsyncError("InvalidJob", f"Unable to parse Job: there is no operation {operation}")
    if str(content_type) not in _CONTENT_TYPES:
        raise AsyncError("FeatureNotEnabled", f"The content type {content_type} is not supported")
    key = document.get("externalIdFieldName") or None
    if not (isinstance(key, str) if operation == "upsert" else key is None):
        raise AsyncError("InvalidJob", "externalIdFieldName is for upsert, and upsert needs it")
    chunk_rows, start_row = _pk_chunking(request) if operation in _QUERIES else (None, None)
    return ClassicJob(
        id=org.jobs.new_id(),
        clock=org.clock,
        operation=str(operation),
        sobject=_object_name(org, document),
        created_by_id=options.user_id,
        api_version=request.version,
        folder=org.jobs.new_folder(),
        content_type=str(content_type),
        concurrency_mode=_CONCURRENCY_MODES.get(str(document.get("concurrencyMode")).lower(), "Parallel"),
        options=Options(options.user_id, bool(document.get("assignmentRuleId")), options.allow_duplicates),
        external_id_field=key,
        pk_chunk_rows=chunk_rows,
        pk_start_row=start_row,
    )


def _object_name(org: Org, document: dict[str, Any]) -> str:
    name = str(document.get("object") or "")
    sobject = org.schema.object(name)
    if sobject is None:
        raise AsyncError("InvalidJob", f"Unable to find object: {name}")
    if sobject.name in UNSUPPORTED_OBJECTS:
        raise AsyncError("InvalidEntity", f"Entity '{sobject.name}' is not supported by the Bulk API.")
    return sobject.name


def _pk_chunking(request: Request) -> tuple[int | None, str | None]:
    """Chunk size and first id of ``Sforce-Enable-PKChunking`` (Bulk API guide, "PK Chunking Header")."""
    header = request.headers.get("sforce-enable-pkchunking", "")
    parts = [part.partition("=") for part in header.split(";") if part.strip()]
    settings = {name.strip().lower(): value.strip() for name, _, value in parts}
    if not settings or "false" in settings:
        return None, None
    size = settings.get("chunksize", str(PK_CHUNK_ROWS))
    if not re.fullmatch(r"[1-9][0-9]{0,5}", size) or int(size) > MOST_PK_CHUNK_ROWS:
        raise AsyncError("InvalidJob", f"PK chunking: the chunk size is from 1 to {MOST_PK_CHUNK_ROWS}")
    start = settings.get("startrow")
    start_row = ids.normalise(start) if start else None
    if start and start_row is None:
        raise AsyncError("InvalidJob", f"PK chunking: {start} is no record id")
    return int(size), start_row
