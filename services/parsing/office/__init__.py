"""Code shared by office formats: zip archives, OOXML packages, formulas, charts, grids of cells."""
