"""The ways to read rows: a query in, pages of rows out, the same rows whichever way."""
