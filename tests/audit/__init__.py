"""The audit, one test file for each file of model/lodestone/audit/, on one small plan worked out by hand."""
