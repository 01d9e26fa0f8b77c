"""What is a country's own: one file each, a doctrine with its sources.

The names describe behaviour and any actor may be given any of them; a scenario says who has which.
"""
