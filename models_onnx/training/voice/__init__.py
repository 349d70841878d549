"""Training, export and evaluation of the voice models."""
