"""Cost against the allowed China share."""
