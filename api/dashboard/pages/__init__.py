"""The pages: each module has the handlers of one, or of a few that belong together."""
