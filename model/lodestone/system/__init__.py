"""What a process does with its streams, signals, scratch folders and memory."""
