"""Theories with a known answer, each played through the whole engine (`hubspoke theory`)."""
