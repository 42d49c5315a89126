"""Public statistics into a workbook: small files of the publishers' layouts, with expected figures worked out by hand."""
