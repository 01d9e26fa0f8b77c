"""Who decides: the first room of Hub and Spoke. It imports neither `model` nor `runs`."""
