"""`file_upload`: the files that are sent to a database. Each run is one upload."""

from schemas.base import Event, OwnBody
from schemas.errors import RequestError
from schemas.sources.source_type import ShownRun, SourceType


class FileUploadConfig(Event):
    """Uploads of one database; created by the first upload."""


class FileUploadSource(OwnBody):
    """The uploads of a database; made by its first upload."""


class FileUploadJob(OwnBody):
    """What was uploaded."""

    object_key: str | None
    custom_id: str | None


class FileUpload(SourceType[FileUploadSource, FileUploadConfig]):
    """One source for each database; a document's key is the name of its file."""

    name = "file_upload"
    form = FileUploadSource
    config = FileUploadConfig
    job = FileUploadJob
    lists = False
    own_tree = False

    def configure(self, form: FileUploadSource) -> FileUploadConfig:
        """Raises RequestError: the gateway makes the source of a database itself."""
        raise RequestError("a file_upload source is made by the first POST /api/v1/add-file, not here")

    def form_of(self, config: FileUploadConfig) -> FileUploadSource:
        """Empty."""
        return FileUploadSource()

    def job_of(self, run: ShownRun) -> FileUploadJob:
        """The file's name, and the custom id if it has one."""
        return FileUploadJob(object_key=run.object_key, custom_id=run.custom_id)

    def shown(self, form: FileUploadSource) -> str:
        """There is one for each database, and nothing to tell them apart by."""
        return "uploads"


FILE_UPLOAD = FileUpload()
