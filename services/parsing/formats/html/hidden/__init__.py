"""What a page hides: by itself, until a click, or by being unreadable."""
