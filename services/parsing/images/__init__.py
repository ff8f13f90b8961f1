"""Text in pictures: OCR and vision models."""
