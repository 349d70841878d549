"""Signals to scores to one state a second; opens no socket and knows no HTTP."""

import os

# The official builds of ONNX Runtime report to Microsoft unless this is set before they are loaded:
# they keep an identifier of the machine in the home folder and send events over HTTPS.
os.putenv("ORT_DISABLE_TELEMETRY", "1")
