"""How writes reach Salesforce: writes in, one result per write out."""
