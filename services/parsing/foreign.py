"""Names of files that are no documents, by their first bytes: a refusal says what a file is."""

from __future__ import annotations

_KINDS = (
    (b"ID3", "MP3 audio"),
    (b"\xff\xfb", "MP3 audio"),
    (b"OggS", "Ogg audio or video"),
    (b"fLaC", "FLAC audio"),
    (b"\x1aE\xdf\xa3", "Matroska or WebM video"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip archive; unpack it"),
    (b"Rar!\x1a\x07", "RAR archive; unpack it"),
    (b"\x28\xb5\x2f\xfd", "Zstandard file; unpack it"),
    (b"\x04\x22\x4d\x18", "LZ4 file; unpack it"),
    (b"MZ", "Windows program"),
    (b"\x7fELF", "Linux program or library"),
    (b"\xca\xfe\xba\xbe", "Java class or macOS program"),
    (b"\xcf\xfa\xed\xfe", "macOS program"),
    (b"SQLite format 3\0", "SQLite database"),
    (b"PAR1", "Parquet table"),
    (b"\0\1\0\0\0", "TrueType font"),
    (b"OTTO", "OpenType font"),
    (b"wOFF", "web font"),
    (b"wOF2", "web font"),
    (b"\xe4\x52\x5c\x7b", "OneNote section; export it as .docx or PDF"),
    (b"AT&TFORM", "DjVu document; convert it to PDF"),
    (b"AC10", "AutoCAD drawing; export it as PDF"),
    (b"\xffWPC", "WordPerfect document; save it as .docx"),
    (b"\xdb\xa5", "Word 2 document; save it as .docx"),
    (b"\x9b\xa5", "Word 1 document; save it as .docx"),
    (b"!BDN", "Outlook data file; export its messages as .msg or .eml"),
    (b"\0\1\0\0Standard ", "Access database"),
    (b"\x06\x06\xed\xf5", "InDesign document; export it as PDF"),
    (b"?_\3\0", "Windows help file"),
    (b"\xd7\xcd\xc6\x9a", "WMF drawing"),
    (b"DDS |", "DirectDraw texture"),
    (b"\0\0\1\0", "Windows icon"),
    (b"icns", "macOS icon"),
    (b"\x01\0\0\0\x6c\0\0\0", "EMF drawing"),
)


def kind_of(data: bytes) -> str | None:
    """What a file is that is not read; None if its first bytes do not tell."""
    if data[:4] == b"RIFF":
        return {b"WAVE": "WAV audio", b"AVI ": "AVI video"}.get(data[8:12])
    if data[4:8] == b"ftyp":
        return "MP4 audio or video"
    if data[60:68] in (b"BOOKMOBI", b"TEXtREAd"):
        return "Mobipocket or Kindle book; convert it to EPUB"
    return next((name for magic, name in _KINDS if data.startswith(magic) and b"\0" in data[:512]), None)
