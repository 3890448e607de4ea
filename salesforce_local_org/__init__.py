"""A Salesforce org on this machine: it answers at ``/services/...`` as Salesforce does."""
