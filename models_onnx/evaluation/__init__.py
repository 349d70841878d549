"""Test sets and figures of the shipped models, without a training framework."""
