"""What the caller or a setting did wrong, apart from what goes wrong while things run."""

from schemas.errors import RequestError

#: Exit status of a command that was called wrongly, as Unix has it. Who starts a process of ours again when
#: it dies need not do so after this one.
EXIT_STATUS = 2


class UsageError(RequestError):
    """A command was called, or a setting was set, in a way that cannot be; exit status 2."""
