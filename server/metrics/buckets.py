"""Bounds of the histograms, and why they lie where they do. Seconds, unless said otherwise."""

WORK = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Waits and runs of batches: a text takes milliseconds; what waits five seconds is stale."""

LATENESS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""States after their due times: an idle process is late by a millisecond, a full one by a tick."""

CAPTURE_TO_STATE = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)
"""Evidence is up to a tick old when its state is made, so most lies below one second, where the
bounds are close; 1.5 s is the target, and the longest tick has five seconds."""

HTTP = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Prometheus' own: from a health check to a report that is typeset."""

FEED = (1.0, 10.0, 60.0, 300.0, 900.0, 1_800.0, 3_600.0, 7_200.0)
"""Feeds last as long as conversations; one that lasts seconds was cut."""

JITTER = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5)
"""A wire has a millisecond, a radio tens; from 30 ms on a buffer of two packets loses order."""

BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
"""Items: powers of two, as the batches that are warmed."""

SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
"""Shares of one: nothing, a little, half, nearly all."""
