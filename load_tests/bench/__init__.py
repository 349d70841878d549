"""The benchmarks behind ``esapr bench``: each measures a ratio, both sides of it in one run.

Sides take turns over several repetitions, so that whatever else the machine does falls on both;
a figure is the median of its repetitions, and its noise is their range over that median.
"""

import os

# As in esapr.inference: ONNX Runtime is to report to nobody.
os.putenv("ORT_DISABLE_TELEMETRY", "1")
