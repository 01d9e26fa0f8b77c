"""The browser viewer: step through one game and see why (`hubspoke view`)."""
