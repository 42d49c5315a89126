"""How far the figures of a plan may move among plans that are hardly dearer."""
