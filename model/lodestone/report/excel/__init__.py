"""What every workbook that is written shares: styles, drawings, tables."""
