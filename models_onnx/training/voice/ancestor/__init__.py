"""The ancestor's two voice pipelines, each measured on two splits of RAVDESS."""
