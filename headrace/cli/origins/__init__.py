"""What `headrace sync` takes beside folders: their addresses and options."""
