"""Signals to scores to one state a second; opens no socket and knows no HTTP."""
