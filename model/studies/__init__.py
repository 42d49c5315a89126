"""What runs many solves: scenarios in parallel, comparisons, frontiers, sweeps."""
