"""From an xlsx file to checked records: file, schema, reading, scenarios, checks, conversion to model units."""
