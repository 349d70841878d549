"""Lines of text: tokens and the expression of a line."""
