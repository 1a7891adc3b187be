"""The bars of the main job: each runs the product from outside and prints its figure."""
