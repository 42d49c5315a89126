"""Which inputs matter: what a plan costs when they are higher or lower, and where it breaks."""
