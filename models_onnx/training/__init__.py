"""Data loaders, architectures, export and evaluation; needs the ``train`` extra."""

import os

# As in esapr.inference: ONNX Runtime is to report to nobody.
os.putenv("ORT_DISABLE_TELEMETRY", "1")
