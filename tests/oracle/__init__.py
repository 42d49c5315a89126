"""The meaning of a workbook (DESIGN, sections 3 to 9) written a second time, over the nodes of a tree, to be solved by
scipy.

It shares no rule with the model: of the program it reads plan data and the tree, nothing else. Money is in thousand
USD, so that t x USD/kg needs no factor.
"""
