"""What a person or a program reads on a terminal."""
