"""Parsing in confined worker processes: a document that crashes or hangs its parser costs only itself."""
