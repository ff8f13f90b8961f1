"""What stands on a page, to blocks in reading order: plain geometry on plain values.

    words, strokes, pictures ─► layout ─► blocks
    (geometry)                  (tables, columns, paragraphs, items, code)

Whoever knows where words stand uses it: PDFs know it from their letters, pictures and scans from OCR.
"""
