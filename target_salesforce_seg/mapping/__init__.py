"""From traits to the fields of Lead, Account and Contact: tables, names, custom fields, values."""
