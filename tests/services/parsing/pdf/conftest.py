"""Small PDFs drawn on the spot."""
