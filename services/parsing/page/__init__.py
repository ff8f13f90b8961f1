"""Page layout analysis: words, strokes and pictures to blocks in reading order.

    words, strokes, pictures ─► layout ─► blocks
    (geometry)                  (tables, columns, paragraphs, items, code)

Pure geometry on plain values. PDFs provide the positions of words themselves, pictures and scans by OCR.
"""
