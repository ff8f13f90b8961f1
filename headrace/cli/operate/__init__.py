"""Commands for operators: run the system, look into it, check and mend it."""
