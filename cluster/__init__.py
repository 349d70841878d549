"""Models on a Ray Serve cluster: what its replicas run, and what a gateway needs to ask them."""
