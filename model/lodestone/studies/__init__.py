"""What runs many solves: scenarios, frontier, sweep, stress, alternatives, what binds, why no plan exists; on processes
of this machine or on a cluster. And what looks at what is there: runs (compare, verify), a workbook (watching), the
machine (doctor).
"""
