"""Who pays, for what, and what a kilogram costs where it is used: a finished plan on plain numbers, after its audit."""
