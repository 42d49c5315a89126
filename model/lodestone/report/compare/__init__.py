"""A comparison of runs as workbook and files."""
