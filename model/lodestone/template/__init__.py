"""The blank workbook with its help, and copies of the examples."""
