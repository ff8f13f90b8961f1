"""The local mode: supervisor, broker, Chroma and services on one machine, with one data folder."""
