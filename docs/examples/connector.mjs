// A connector in JavaScript: sends one result, then answers retries. `npm install kafkajs`, `node connector.mjs`.
import { randomUUID } from "node:crypto";
import { Kafka } from "kafkajs";

const servers = (process.env.KAFKA ?? "127.0.0.1:19092").split(",");
const prefix = process.env.CONEXOES_TOPIC_PREFIX ?? "conexoes";
const source = "/connectors/javascript";
const affiliate = "JS";

const kafka = new Kafka({ clientId: "javascript", brokers: servers });
const producer = kafka.producer(); // acks=all is its default
const consumer = kafka.consumer({ groupId: `${prefix}-javascript` });

/** Send a result and wait until Kafka has it. Sent again after a lost answer, it must have the same `id`. */
async function emit(type, data, { id = randomUUID(), correlationid } = {}) {
  const time = new Date().toISOString();
  const attributes = {
    ce_specversion: "1.0",
    ce_type: `conexoes.${type}.result.v1`,
    ce_source: source,
    ce_id: id,
    ce_subject: data.key,
    ce_time: time,
    ...(correlationid && { ce_correlationid: correlationid }),
  };
  await producer.send({
    topic: `${prefix}.results.${type}`,
    messages: [
      {
        key: `${data.account}/${data.affiliate}/${data.key}`, // one entity keeps its order
        headers: { ...attributes, "content-type": "application/json" },
        value: JSON.stringify({ processed_at: time, ...data }),
      },
    ],
  });
}

/** Do the work of a retry again, and say how it went. */
async function updatePrice(retry) {
  return { status: "success", message: `price of ${retry.key} sent again` };
}

async function answer(retry) {
  const { account, affiliate: of, key } = retry.data;
  let outcome;
  try {
    outcome = await updatePrice(retry.data);
  } catch (error) {
    // A bug gets an answer too: silence would say nothing to anybody.
    outcome = { status: "error", errors: [{ code: "connector.exception", message: String(error) }] };
  }
  await emit("price", { account, affiliate: of, key, ...outcome }, { correlationid: retry.id });
}

await producer.connect();
await emit("price", {
  account: "demo",
  affiliate,
  key: "SKU-1",
  status: "error",
  errors: [{ code: "price.missing", message: "no price" }],
});

await consumer.connect();
await consumer.subscribe({ topics: [`${prefix}.retry.price`], fromBeginning: true });
await consumer.run({
  // An offset is committed only after this returns: after a crash the retry comes again, with the same id.
  eachMessage: async ({ message }) => {
    const retry = JSON.parse(message.value);
    if (retry.data.affiliate === affiliate) await answer(retry);
  },
});

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    await consumer.disconnect();
    await producer.disconnect();
  });
}
