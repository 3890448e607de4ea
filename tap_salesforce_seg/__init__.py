"""Salesforce to Singer: Segment's Salesforce collections as streams."""
