"""One module or package per format: bytes in, `ParsedDocument` out."""
