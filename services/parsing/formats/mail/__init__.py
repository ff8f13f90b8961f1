"""Mail and web archives: .eml, .mhtml, .msg and what is attached to them."""
