"""`headrace sources check` and `headrace sources edit`: before a source is created, and after."""
