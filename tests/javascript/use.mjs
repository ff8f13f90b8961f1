// The stock JavaScript client on the gateway: node use.mjs PORT KEY DATABASE COLLECTION
// Prints one JSON object of what it has found; COLLECTION has sparse vectors.

import { ChromaClient, ChromaNotFoundError, ChromaUnauthorizedError, K, Knn, Rrf, Search } from "chromadb";

const [port, key, database, indexed] = process.argv.slice(2);
const clientOf = (token) =>
  new ChromaClient({ host: "127.0.0.1", port: Number(port), database, headers: { "x-chroma-token": token } });
const client = clientOf(key);
const found = {};

const name = `javascript-${Date.now()}`;
const made = await client.createCollection({ name, metadata: { a: 1 }, embeddingFunction: null });
await made.add({
  ids: ["a", "b", "c"],
  embeddings: [[1, 0], [0, 1], [0.6, 0.8]],
  documents: ["one", "two", "three"],
  metadatas: [{ n: 1 }, { n: 2 }, { n: 3 }],
});
await made.upsert({ ids: ["c"], embeddings: [[0.6, 0.8]], metadatas: [{ n: 4 }] });
await made.update({ ids: ["b"], embeddings: [[0, 1]], documents: ["zwei"] });
found.count = await made.count();
found.query = (await made.query({ queryEmbeddings: [[1, 0]], nResults: 2, where: { n: { $gt: 1 } } })).ids;
found.contains = (await made.get({ whereDocument: { $contains: "zwei" } })).ids;
await made.delete({ ids: ["a"] });
found.left = (await made.get()).ids.sort();
await made.modify({ metadata: { a: 2 } });
found.metadata = (await client.getCollection({ name })).metadata;
found.listed = (await client.listCollections()).some((one) => one.name === name);
await client.deleteCollection({ name });
found.deleted = await client.getCollection({ name }).then(
  () => "is there",
  (error) => error instanceof ChromaNotFoundError,
);

const words = await client.getCollection({ name: indexed });
const sparse = JSON.parse(process.env.SPARSE); // of "apple pie"
const search = new Search()
  .rank(
    Rrf({
      ranks: [
        Knn({ query: [1, 0], returnRank: true, default: 100 }),
        Knn({ query: sparse, key: "sparse_embedding", returnRank: true, default: 100 }),
      ],
    }),
  )
  .limit(3)
  .select(K.DOCUMENT, K.SCORE, "n");
found.hybrid = (await words.search(search)).rows()[0];
found.filtered = (await words.search(new Search().where(K("of").eq("house")).rank(Knn({ query: [1, 0] })))).ids;

found.refused = await clientOf("wrong").listCollections().then(
  () => "was let in",
  (error) => (error instanceof ChromaUnauthorizedError ? true : String(error)),
);

console.log(JSON.stringify(found));
