"""Experiment files: arms, parameters and doctrines crossed or sampled, in one results folder."""
