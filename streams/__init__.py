"""The runtime of the services: streams of records on Kafka.

engine/   the stage contract and the engine that runs a stage; independent of Kafka
kafka/    the consumer worker, producers, transactions, the cluster
state/    stores and materialised views folded from compacted topics
growth/   more partitions for topics that exist, and copies of them on another cluster
local/    a broker and a Chroma server started on this machine
http/     what all that speak HTTP share
blobs.py  claim check for large payloads        topics.py  every topic in one table
"""
