"""What is done to the words of a page before its layout is found: mended, marked, or left out."""
