"""State of the gateway: materialised views of sources, invocations, keys and document outcomes."""
