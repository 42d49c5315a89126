"""Why no plan exists, and what would make one exist."""
