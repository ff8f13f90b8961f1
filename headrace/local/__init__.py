"""Everything on one machine: supervisor, broker, Chroma, services, and the data folder that they share."""
