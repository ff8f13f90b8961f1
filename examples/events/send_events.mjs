// Sends events to the inbox: one JSON object on each line of a file. Needs only `kafkajs`.
//
//     npm install kafkajs
//     node send_events.mjs kafka/client.properties events.jsonl
//
// The first argument is a file of librdkafka properties; that of the broker of `headrace up` is
// `kafka/client.properties` in the data folder. The key of a record keeps the events of its document in order.

import { readFileSync } from "node:fs";
import { Kafka, logLevel, Partitioners } from "kafkajs";

const [propertiesFile, eventsFile, topic = "headrace.inbox"] = process.argv.slice(2);
if (!eventsFile) {
  console.error("usage: node send_events.mjs kafka/client.properties events.jsonl [topic]");
  process.exit(1);
}
const linesOf = (file) => readFileSync(file, "utf8").split("\n").filter((line) => line.trim());

const properties = Object.fromEntries(
  linesOf(propertiesFile)
    .filter((line) => !line.startsWith("#"))
    .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
);
const kafka = new Kafka({
  brokers: properties["bootstrap.servers"].split(","),
  ssl: properties["security.protocol"]?.toUpperCase().includes("SSL") ?? false,
  sasl: properties["sasl.username"] && {
    mechanism: (properties["sasl.mechanism"] ?? properties["sasl.mechanisms"]).toLowerCase(),
    username: properties["sasl.username"],
    password: properties["sasl.password"],
  },
  logLevel: logLevel.ERROR,
});

const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
await producer.connect();
await producer.send({
  topic,
  messages: linesOf(eventsFile).map((value) => ({ key: JSON.parse(value).document_key, value })),
});
await producer.disconnect();
