"""Data loaders, architectures, export and evaluation; needs the ``train`` extra."""
