"""Events to Salesforce: what Segment's and RudderStack's Salesforce destinations do."""
