"""The ``esapr`` command: wires server, load tests and models together."""
