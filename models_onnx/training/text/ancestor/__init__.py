"""The models that this project's ancestor tried on the Big Five, each trained anew on one split."""
