"""Wrong calls and settings, as opposed to errors at run time."""

from schemas.errors import RequestError

#: Exit status of a command that was called wrongly, as Unix has it. Who starts a process of ours again when
#: it dies need not do so after this one.
EXIT_STATUS = 2


class UsageError(RequestError):
    """A wrong call of a command, or a wrong setting; exit status 2."""
