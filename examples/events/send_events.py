"""Sends events to the inbox: one JSON object on each line of a file. Needs only `confluent-kafka`.

python send_events.py kafka/client.properties events.jsonl

The first argument is a file of librdkafka properties; that of the broker of `headrace up` is
`kafka/client.properties` in the data folder. The key of a record keeps the events of its document in order.
"""

import json
import sys
from pathlib import Path

from confluent_kafka import Producer

if len(sys.argv) < 3:
    sys.exit(__doc__)
properties_file, events_file = sys.argv[1:3]
topic = sys.argv[3] if len(sys.argv) > 3 else "headrace.inbox"

lines = Path(properties_file).read_text().splitlines()
properties = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
producer = Producer({**properties, "enable.idempotence": True})
failed: list[object] = []

for line in Path(events_file).read_text().splitlines():
    producer.produce(
        topic,
        line,
        key=json.loads(line)["document_key"],
        on_delivery=lambda error, message: failed.append(error) if error else None,
    )
    producer.poll(0)

if producer.flush(30) or failed:
    sys.exit(f"not delivered to {topic} within 30 s: {failed[:1]}")
