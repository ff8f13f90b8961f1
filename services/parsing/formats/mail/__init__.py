"""Mail and web archives: .eml, .mhtml, .msg, and their attachments."""
