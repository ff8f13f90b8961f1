"""How `services/parsing/formats/html/main_content.npz` is made, and how it was chosen."""
