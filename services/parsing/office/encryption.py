"""Office documents that are encrypted although nobody is asked for a password."""

from __future__ import annotations

import io

#: Excel encrypts workbooks with a protected structure with this password, and opens them without asking
#: ([MS-OFFCRYPTO] §2.3.6.2 calls it the default password).
DEFAULT_PASSWORD = "VelvetSweatshop"  # noqa: S105 (it protects nothing)


def decrypted(data: bytes) -> bytes | None:
    """The document within an encrypted one, if its password is the default one."""
    import msoffcrypto  # type: ignore[import-untyped]

    try:
        file = msoffcrypto.OfficeFile(io.BytesIO(data))
        checked = {"verify_password": True} if file.format == "ooxml" else {}  # the others always check it
        file.load_key(password=DEFAULT_PASSWORD, **checked)
        held = io.BytesIO()
        file.decrypt(held)
    except Exception:  # another password, or damage on which the library fails in many ways
        return None
    return held.getvalue() or None
