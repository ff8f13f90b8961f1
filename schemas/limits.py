"""Limits, defaults and names that the gateway and the stages share."""

#: The contract's limit on a file: 200 MiB. Also the most that is read of a file in a folder.
MAX_FILE_BYTES = 200 * 1024 * 1024
#: The contract's limits on what a document is sent with.
MAX_METADATA_BYTES = 16 * 1024
MAX_CUSTOM_ID_BYTES = 120
#: Document keys are metadata of every chunk; the longest path that Linux knows is 4,096 bytes.
MAX_FILE_NAME_BYTES = 4096

#: Where structure decides: what a model of 256 tokens reads at once. Measured with questions whose answers
#: are known (docs/chunking.md): with 1,500 bytes prose loses half a point, code fourteen.
DEFAULT_MAX_SIZE_BYTES = 1000
#: Where lines are counted: the contract's fallback.
DEFAULT_MAX_LINES = 10
DEFAULT_LINES_SIZE_BYTES = 4096
#: Below this a chunk holds less than a line of code, and its metadata outweigh it.
MIN_CHUNK_BYTES = 64
#: A part of `chunks` is a message of at most 1 MB: a quarter of it for one chunk leaves room for the rest.
MAX_CHUNK_BYTES = 256 * 1024
#: Chunks that are indexed of one document, where no setting says otherwise: 7,000 pages make 30,000 at 1,000
#: bytes. A text of 100 MB would make 105,000, and a quarter of an hour of one partition's time.
MAX_CHUNKS = 50_000

#: Patterns of a folder source and the characters of each, databases of a key. Lists are bounded, since each
#: item costs the gateway's event loop some time.
MAX_GLOBS = 200
MAX_GLOB_LENGTH = 1024
MAX_DATABASES = 1000

#: Metadata keys that the pipeline writes on every chunk (`custom_id` has its own field). What a caller gives
#: under one of these names is not taken: the gateway refuses it, another producer's is overruled.
RESERVED_METADATA_KEYS = frozenset(
    {
        *("document_key", "document_key_sha256", "version_key", "version_key_sha256", "custom_id"),
        *("chunk_strategy", "language", "start_line", "end_line", "start_col", "end_col", "page", "context"),
    }
)

#: The model whose weights come with a package; what is used where neither request nor setting names one.
TRIAL_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
#: The names under which it is known.
TRIAL_MODEL_NAMES = frozenset({TRIAL_MODEL, "all-MiniLM-L6-v2"})
#: The model of Chroma Sync: the default where a GPU or an endpoint is configured for it.
QWEN_MODEL = "Qwen/Qwen3-Embedding-0.6B"

#: The sparse models of the contract, by the names of a source's configuration, and the metadata key of their
#: vectors where a source names none.
BM25 = "Chroma/BM25"
SPLADE = "prithivida/Splade_PP_en_v1"
SPARSE_KEY = "sparse_embedding"
#: Those that are served.
SPARSE_MODELS = (BM25, SPLADE)

#: Warnings of a document that are kept with its outcome, and the characters of each.
MAX_WARNINGS = 5
MAX_WARNING_LENGTH = 300
