"""What the gateway reads: materialised views of sources, invocations, keys and document outcomes."""
