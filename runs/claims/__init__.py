"""Hub and Spoke: the claims of the source brief's author, each an experiment that may fail."""
