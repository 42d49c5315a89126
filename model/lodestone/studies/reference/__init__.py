"""What security costs and buys: the plan beside that of doing nothing."""
