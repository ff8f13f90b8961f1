"""Page layout analysis: words, strokes and pictures to blocks in reading order.

    words, strokes, pictures ─► layout ─► blocks
    (geometry)                  (tables, columns, paragraphs, items, code)

Pure geometry on plain values. PDFs contain the positions of words; for pictures and scans, OCR provides them.
"""
