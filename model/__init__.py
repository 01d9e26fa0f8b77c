"""The world and its rules: the second room of Hub and Spoke. It never imports `runs`."""
