"""Public statistics into a workbook: small files of the publishers' layouts, expected figures worked out by hand."""
