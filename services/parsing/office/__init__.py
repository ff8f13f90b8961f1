"""Shared by the office formats: zip archives, OOXML packages, formulas, charts, grids of cells."""
