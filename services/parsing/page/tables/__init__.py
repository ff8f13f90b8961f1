"""Tables of a page.

strokes ─► ruled ───► build ─► Table
lines ───► aligned ─┘ (columns, rows, spans)
"""
