"""What both Bulk APIs have in common: reading whole objects out, loading files of records in."""
