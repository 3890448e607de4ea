"""The common core: how to speak to Salesforce."""
