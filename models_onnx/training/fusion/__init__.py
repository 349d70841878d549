"""Scores of unseen faces, voices and texts, and what the fusion learns from them."""
