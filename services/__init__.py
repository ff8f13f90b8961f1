"""The consumer services, one folder each; they share only topics."""

import os

# onnxruntime (1.32) keeps a file of events in the user's cache and looks up its maker's host as soon as it is
# imported. A service that reads other people's documents tells nobody anything.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
