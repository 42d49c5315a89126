"""A joint plan by future instead of in one model: progressive hedging through mpi-sppy, on several processes.

Example: two futures, equally likely, share one number. Planned for alone they choose 0 and 10; the mean is 5. With a
step of 1 their weights become -5 and +5 (mean 0): the first is paid for choosing more, the second charged for it, and
both are pulled to 5. When both choose 6, fixing 6 in both gives a plan; their proved bounds with the weights, averaged,
give the bound.
"""
