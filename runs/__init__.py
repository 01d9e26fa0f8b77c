"""Ways to run the model: the third room of Hub and Spoke."""
