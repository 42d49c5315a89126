"""Which decisions are certain: plans near the least cost."""
