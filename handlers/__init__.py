"""The inbound edge: what Slack and the voice service send us becomes one call of a service."""
