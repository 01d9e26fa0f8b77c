"""Hub and Spoke: which numbers an outcome hangs on, and how much of it is chance."""
