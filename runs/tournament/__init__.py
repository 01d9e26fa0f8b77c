"""Hub and Spoke: doctrines against each other, and the equilibria of the game that they make."""
