"""The resources under ``/services``: one module a resource, each a table of routes."""
