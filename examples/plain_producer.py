"""Puts a text file into a collection, with nothing of Headrace but a schema file.

python plain_producer.py localhost:9092 schemas/avro/DocumentUpserted.avsc docs notes.md

Instead of `localhost:9092` it takes a file of librdkafka properties. That of the broker of `headrace up` is
`kafka/client.properties` in the data folder.
"""

import hashlib
import io
import json
import sys
from pathlib import Path

import fastavro
from confluent_kafka import Producer

if len(sys.argv) < 5:
    sys.exit(__doc__)
broker, schema_file, collection, file = sys.argv[1:5]
topic = sys.argv[5] if len(sys.argv) > 5 else "headrace.documents"
schema = json.loads(Path(schema_file).read_text())
content = Path(file).read_bytes()  # up to 64 KB may stand in the event itself
content_sha256 = hashlib.sha256(content).hexdigest()

event = {
    "document": {
        "tenant": "default_tenant",
        "database": "default_database",
        "collection": collection,
        "document_key": file,
        "version_key": content_sha256,
        "metadata": {"team": "search"},
        "embedding": {"model": "sentence-transformers/all-MiniLM-L6-v2"},
    },
    "content": {"size": len(content), "sha256": content_sha256, "inline": content},
    "filename": file,
}

# The message key, the document id: 32 hex digits.
chunk_id_base = hashlib.sha256(file.encode()).hexdigest()
parts = ["default_tenant", "default_database", collection, chunk_id_base]
key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]

# The value: C3 01, the fingerprint of the schema, the Avro body.
canonical = fastavro.schema.to_parsing_canonical_form(schema)
fingerprint = bytes.fromhex(fastavro.schema.fingerprint(canonical, "CRC-64-AVRO"))
body = io.BytesIO()
fastavro.schemaless_writer(body, fastavro.parse_schema(schema), event)
value = b"\xc3\x01" + fingerprint + body.getvalue()

properties = {"bootstrap.servers": broker}
if Path(broker).is_file():
    lines = Path(broker).read_text().splitlines()
    properties = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))

producer = Producer(
    {
        **properties,
        "partitioner": "murmur2_random",  # librdkafka's own default would choose other partitions
        "enable.idempotence": True,  # a retried send neither doubles nor overtakes
    }
)
producer.produce(topic, key=key, value=value)
if producer.flush(30):
    sys.exit(f"not delivered to {topic} at {broker} within 30 s")
print(f"{file} is on {topic} as {key}")
