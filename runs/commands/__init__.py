"""The commands, a module for each group; what they do stands in `runs`."""
