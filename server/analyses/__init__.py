"""Recordings and documents, analysed as live media are."""
