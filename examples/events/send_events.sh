#!/bin/sh
# Sends events to the inbox: one JSON object on each line of a file. Needs kcat and jq.
#
#     sh send_events.sh kafka/client.properties events.jsonl
#
# The first argument is a file of librdkafka properties; that of the broker of `headrace up` is
# `kafka/client.properties` in the data folder. The key of a record keeps the events of its document in order;
# without -K (and jq) they are spread over the partitions.
set -eu
[ $# -ge 2 ] || { echo "usage: sh send_events.sh kafka/client.properties events.jsonl [topic]" >&2; exit 1; }
properties=$1 events=$2 topic=${3:-headrace.inbox}

jq -rc '.document_key + "\t" + tojson' "$events" | kcat -F "$properties" -P -t "$topic" -K "$(printf '\t')"
