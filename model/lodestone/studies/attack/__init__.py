"""The worst that can come to a plan as it is."""
