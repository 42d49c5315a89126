"""Public instances with published optima, solved by Lodestone.

An instance is written as an ordinary workbook (`book`), solved the way every workbook is (`solve`), and its cost is
compared with the published optimum in the instance's own units. `catalogue` says how each instance is expressed, or
why it is not. The instances are read from a folder outside the project; nothing of their data is kept in it.

    python -m benchmarks.published --only "cap4*"
"""
