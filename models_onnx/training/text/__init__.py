"""Training, export and evaluation of the text models."""
