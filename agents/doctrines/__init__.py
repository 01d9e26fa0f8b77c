"""One short file per doctrine; a name describes behaviour, and any actor may be given any."""
