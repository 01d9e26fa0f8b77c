"""Settings for every test."""

import matplotlib as mpl
from hypothesis import settings

mpl.use("Agg")

# The same examples every time; a deadline would measure the machine, not the code.
settings.register_profile("house", derandomize=True, deadline=None)
settings.load_profile("house")
