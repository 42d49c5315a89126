"""A joint plan by future instead of in one model: progressive hedging through mpi-sppy, on several processes."""
