"""The pipeline: parsing, chunking, and limits of all stages."""

import os
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings

from headrace.settings.values import Folder, HeaderSecret, HttpUrl
from schemas.limits import MAX_CHUNKS


class PipelineSettings(BaseSettings):
    """The pipeline: parsing, chunking, and limits of all stages."""

    workers: int = Field(
        default_factory=lambda: max(1, (os.cpu_count() or 2) // 2),
        description="Worker processes of the parsing service, and of the chunking service.",
        ge=1,
    )
    parsing_memory_bytes: int = Field(
        1024**3, description="Memory limit for parsing one document, and for chunking it.", gt=0
    )
    parsing_cpu_seconds: int = Field(120, description="CPU time limit for parsing one document.", gt=0)
    parsing_wall_seconds: float = Field(
        180, description="Wall time limit for parsing one document, and for chunking it.", gt=0
    )
    record_seconds: float = Field(
        900,
        description="Time limit for one try of a record, or of a batch, in a stage, including the wait "
        "for a worker process; after that its document fails with this reason. In `indexing` "
        "it applies from one request to Chroma to the next, 120 s at most. Runs of connectors "
        "have no such limit; a run that makes no progress for 900 s restarts.",
        gt=0,
    )
    max_chunks: int = Field(
        MAX_CHUNKS,
        description="Maximum number of chunks of a document; a document with more fails before any of "
        "them is indexed.",
        ge=1,
    )
    parsing_comments: bool = Field(
        True,
        description="Index the comments of reviewers and readers in texts, sheets, slides and PDFs. "
        "Documents that are already indexed follow at their next change.",
    )
    parsing_hidden: bool = Field(
        False,
        description="Index hidden sheets, rows, columns, slides and text, also text in the colour of its "
        "ground; otherwise they are left out with a warning. What web pages do not display is left out "
        "without one.",
    )
    ocr_models: Folder | None = Field(
        None,
        description="Folder with language files of Tesseract (`ara.traineddata`), beside those of "
        "the system. Scans in scripts other than Latin, Chinese and Japanese need one, and the extra "
        "`tesseract`.",
    )
    vision_url: HttpUrl | None = Field(
        None,
        description="OpenAI-compatible endpoint that describes pictures and reads pages, "
        "`http://host:port/v1`. Without it nothing is sent.",
    )
    vision_model: str = Field("", description="Model to request there.")
    vision_api_key: HeaderSecret = Field(None, description="Key for the endpoint.")
    vision_pages: Literal["never", "scans", "unsure", "always"] = Field(
        "scans",
        description="Pages that the vision model reads: none, scans, also those with formulas or with tables "
        "that were perhaps not understood (`unsure`), or all. Pictures are described in any case.",
    )
    vision_seconds: float = Field(60, description="Time for one answer of the vision model.", gt=0)
    vision_document_requests: int = Field(
        100, description="Pages and pictures of a document that the vision model is asked about.", ge=1
    )
    vision_run_requests: int = Field(
        5_000,
        description="Requests to the vision model for all documents of a run. Pages and pictures that it has "
        "answered before do not count.",
        ge=1,
    )
