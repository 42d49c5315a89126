"""An xlsx file as parts and cells, within limits."""
