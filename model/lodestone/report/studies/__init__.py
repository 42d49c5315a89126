"""Results of studies as files."""
