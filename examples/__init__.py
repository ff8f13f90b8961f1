"""Programs beside Headrace, each to be run as a script."""
