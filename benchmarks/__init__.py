"""What is measured of Lodestone from outside: speed, memory, published optima, spoilt workbooks, killed runs, pictures.

Nothing in `model` imports this package.
"""
