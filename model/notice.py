"""The sentence that everything shown to people carries, spelled here and nowhere else in code."""

NOTICE = "Teaching and research model; not a prediction or policy advice"
