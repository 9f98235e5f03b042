// A whole connector in JavaScript, beside a running `conexoes up`: Node.js 20 or newer and one package.
//
//   npm install kafkajs
//   KAFKA=127.0.0.1:19092 ACCOUNT=demo AFFILIATE=MINE node connector.mjs
import { randomUUID } from 'node:crypto';
import { Kafka, Partitioners, logLevel } from 'kafkajs';

const { KAFKA = '127.0.0.1:19092', ACCOUNT = 'demo', AFFILIATE = 'MINE' } = process.env;
const PREFIX = process.env.CONEXOES_TOPIC_PREFIX ?? 'conexoes';
const SOURCE = '/connectors/example-javascript';
const GROUP = `${PREFIX}-example-javascript`; // all processes of one group share the retries
const REMEMBERED = 10_000;

const kafka = new Kafka({ clientId: GROUP, brokers: KAFKA.split(','), logLevel: logLevel.WARN });
// Idempotent: a record whose acknowledgement was lost is sent again, and written once.
const producer = kafka.producer({
  idempotent: true,
  maxInFlightRequests: 1,
  createPartitioner: Partitioners.DefaultPartitioner,
});
const consumer = kafka.consumer({ groupId: GROUP });

/** Send one result. Returns when Kafka has it; `id` is of this result alone, never that of the SKU or order. */
async function emit(result, { id = randomUUID(), correlationid } = {}) {
  const now = new Date().toISOString(); // RFC 3339 with an offset: Z
  const data = { account: ACCOUNT, affiliate: AFFILIATE, processed_at: now, ...result };
  const headers = {
    ce_specversion: '1.0',
    ce_type: 'conexoes.price.result.v1',
    ce_source: SOURCE,
    ce_id: id,
    ce_time: now,
    'content-type': 'application/json',
  };
  if (correlationid) headers.ce_correlationid = correlationid;
  await producer.send({
    topic: `${PREFIX}.results.price`,
    acks: -1, // every replica in sync
    // By this key an entity keeps its order.
    messages: [{ key: `${data.account}/${data.affiliate}/${data.key}`, headers, value: JSON.stringify(data) }],
  });
}

/** Do the work again, and say how it went. */
async function updatePrice(retry) {
  return { status: 'success', message: `price of ${retry.key} sent again` };
}

// Kafka may deliver a retry twice. One that was answered busy comes again with the same id, and is to be done then.
const answered = new Set();

async function handle({ message }) {
  const retry = JSON.parse(message.value.toString());
  const { account, affiliate, key, busy_answers: busyAnswers } = retry.data;
  if (account !== ACCOUNT || affiliate !== AFFILIATE) return; // another connector's
  const attempt = `${retry.id} ${busyAnswers}`;
  if (answered.has(attempt)) return;
  let answer;
  try {
    answer = await updatePrice(retry.data);
  } catch (error) {
    // A bug is an answer too; without one the operator sees `silent`.
    answer = { status: 'error', errors: [{ code: 'connector.exception', message: String(error) }] };
  }
  await emit({ key, ...answer }, { correlationid: retry.id });
  answered.add(attempt);
  if (answered.size > REMEMBERED) answered.delete(answered.values().next().value);
}

await producer.connect();
await emit({ key: 'SKU-1', status: 'success', operation: 'update-price' });
await emit({
  key: 'SKU-2',
  status: 'error',
  operation: 'update-price',
  message: 'The marketplace refused the price',
  errors: [
    { code: 'price.below_minimum', message: 'The price 9.90 is below the minimum of 12.00', field: 'price' },
    { code: 'item.paused', message: 'The listing is paused', severity: 'warning' },
  ],
  request: { sku: 'SKU-2', price: '9.90' },
  // As text it stays as the marketplace wrote it: JSON.parse would make 9.9 of 9.90.
  response: '{"status":400,"minimum":12.00}',
});

await consumer.connect();
// From the beginning when the group is new: retries that were sent before it came are its own too.
await consumer.subscribe({ topic: `${PREFIX}.retry.price`, fromBeginning: true });
// kafkajs commits the offset of a message after `handle` is through: Kafka has the answer then.
await consumer.run({ eachMessage: handle });

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await consumer.disconnect(); // waits for the retry that is being handled
    await producer.disconnect();
  });
}
