"""What risk teams look at: the window that is asked for, and the drawings of its figures."""
