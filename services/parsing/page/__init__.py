"""Page layout analysis: words, strokes and pictures to blocks in reading order.

    words, strokes, pictures ─► layout ─► blocks
    (geometry)                  (tables, columns, paragraphs, items, code)

Pure geometry on plain values. PDFs contain the positions of words; for pictures and scans, OCR provides them.
The way of one page, in the order of `layout.layout`:

1. `figures` takes drawings with captions and their labels off the page.
2. `tables.ruled` finds tables that strokes reveal. `rules` joins strokes to rules, and crossing rules to
   grids. A grid that parts all cells is filled with its words (`cells`). Of all others, and of tables with
   horizontal rules only, `fits` says which lines above and below belong to them; `tables.build` builds them.
3. `lines.pieces_of` groups the words that are left into rows, and parts these at wide gaps into pieces.
4. `columns.flows` splits the page into flows. White space from left to right makes strips; strips that share
   a gap make a band; a band is columns of text, or a table. Columns are split again.
5. In each flow, `columns.lines_of` makes lines of pieces, and `tables.aligned` finds the tables that only the
   alignment of texts reveals.
6. `blocks.blocks_of` parts the lines between tables at gaps, indents, list markers and changes of type.

`tables.build` makes a table of lines: `columns.gutters` finds gaps that run through nearly all lines,
`rows.Rows` says which lines continue the row above, and `spans.placed` which labels of the head span columns.
Headings and tables over several pages need the whole document: `pdf.headings`, `pdf.continued`.
"""
