"""What office formats share: zip archives, OOXML packages, formulas, charts, grids of cells."""
