"""Triggers: what starts runs by itself. Today the events of buckets, from SQS queues and from a Kafka topic.

    queue, topic ─► messages ─► handling ─► progress, runs.s3
                                  │
                    sources, where objects were run before

    messages.py      pure: the events in a message, whichever way it came
    choosing.py      pure: the runs that an event means for a source
    sources.py       the sources that sync by themselves, and where their objects were run before
    handling.py      one message: its runs are on Kafka, or it comes again, or it is a dead letter
    sqs.py           a queue: messages are deleted when they are handled
    events_topic.py  a topic: offsets are committed when what was before them is handled
    triggers.py      which queues and topics are followed now

They run in the process of the connectors: they wait nearly all of the time, need the same credentials, and
one process less is 70 MB less on a small machine.
"""

from services.triggers.triggers import Triggers, TriggerSettings

__all__ = ["TriggerSettings", "Triggers"]
