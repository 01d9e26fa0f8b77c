"""Calibration: what history until 2020 says about the numbers of the model."""
