"""A load test as it runs: processes of sessions, and one that counts what they receive.

``schedule`` says who comes when; each ``driver`` process plays its share of it and tells what it
sees, as ``wire`` has it; ``ledger`` counts; ``run`` starts all and judges.
"""
