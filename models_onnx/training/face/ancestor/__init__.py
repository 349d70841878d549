"""The models that this project's ancestor tried on FER2013, each trained anew on one split."""
