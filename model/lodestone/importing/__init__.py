"""From files of public statistics to the sheets of a workbook; nothing is fetched."""
