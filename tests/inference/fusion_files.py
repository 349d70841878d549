"""A fusion file whose numbers are easy to reckon with."""

FILE = """\
version = "own"

[face]
weight = 1.0
coverage_power = 1.0
half_life = 0.5
horizon = 2.0

[voice]
weight = 2.0
coverage_power = 1.0
half_life = 1.5
horizon = 4.0

[text]
weight = 1.0
coverage_power = 1.0
half_life = 6.0
horizon = 20.0

[state]
transition_rate = 0.1
evidence_rate = 1.0
min_confidence = 0.5
eased = 0.1
raised = 0.2
gone = 0.2
"""
