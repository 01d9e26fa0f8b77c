"""How a shock travels: pairs of games that differ in it alone, and what then differs in them."""
