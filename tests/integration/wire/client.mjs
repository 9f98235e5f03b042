// The client of tests/integration/wire/test_clients.py in JavaScript: kafkajs, and the CloudEvents SDK for JavaScript.
import { readFile } from 'node:fs/promises';
import cloudevents from 'cloudevents';
import kafkajs from 'kafkajs';
import snappy from 'kafkajs-snappy';
import lz4 from 'lz4js';
import xxh32 from 'lz4js/xxh32.js';
import { ZstdCodec } from 'zstd-codec';

const { CloudEvent, Kafka: Binding } = cloudevents;
const { CompressionTypes, CompressionCodecs, Kafka, Partitioners, logLevel } = kafkajs;

const CODECS = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
};
const zstd = await new Promise((ready) => ZstdCodec.run((module) => ready(new module.Simple())));
CompressionCodecs[CompressionTypes.Snappy] = snappy;
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: async (encoder) => independent(Buffer.from(lz4.compress(encoder.buffer))),
  decompress: async (buffer) => Buffer.from(lz4.decompress(buffer)),
});
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async (encoder) => Buffer.from(zstd.compress(encoder.buffer)),
  decompress: async (buffer) => Buffer.from(zstd.decompress(buffer)),
});

/** The same frame, of one block, that says that its blocks don't need each other: Kafka takes no other. */
function independent(frame) {
  frame[4] |= 0x20;
  frame[6] = xxh32.hash(0, frame, 4, 2) >> 8;
  return frame;
}

const plan = JSON.parse(await readFile(process.argv[2], 'utf8'));
const kafka = new Kafka({ clientId: plan.group, brokers: plan.servers.split(','), logLevel: logLevel.ERROR });

/** The record of these events as their SDK writes them. */
function encoded({ mode, key }, events) {
  const [event] = events;
  switch (mode) {
    case 'binary': {
      const { headers, value } = Binding.binary(new CloudEvent(event));
      // The SDK has headers for attributes that are not set; kafkajs refuses those.
      const set = Object.entries(headers).filter(([, text]) => text !== undefined);
      return { key, headers: Object.fromEntries(set), value: JSON.stringify(value) };
    }
    case 'structured': {
      const { headers, value } = Binding.structured(new CloudEvent(event));
      return { key, headers, value };
    }
    case 'bytes': {
      const data = Buffer.from(JSON.stringify(event.data));
      const { headers, value } = Binding.structured(new CloudEvent({ ...event, data }));
      return { key, headers, value };
    }
    case 'batch':
      return {
        key,
        headers: { 'content-type': 'application/cloudevents-batch+json' },
        value: JSON.stringify(events.map((each) => new CloudEvent(each))),
      };
    default:
      throw new Error(`mode ${mode}`);
  }
}

const producers = new Map();

async function producerOf(kind) {
  if (!producers.has(kind)) {
    const options = {
      plain: {},
      idempotent: { idempotent: true, maxInFlightRequests: 1 },
      transactional: { idempotent: true, maxInFlightRequests: 1, transactionalId: `${plan.group}-transactional` },
    };
    const made = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, ...options[kind] });
    await made.connect();
    producers.set(kind, made);
  }
  return producers.get(kind);
}

async function send(record, events) {
  const producer = await producerOf(record.producer);
  const message = { topic: plan.results, compression: CODECS[record.codec], messages: [encoded(record, events)] };
  if (record.producer !== 'transactional') {
    await producer.send(message);
    return;
  }
  const transaction = await producer.transaction();
  await transaction.send(message);
  await (record.aborted ? transaction.abort() : transaction.commit());
}

/** The retry as its SDK reads it. */
function read({ key, headers, value }) {
  const texts = Object.fromEntries(Object.entries(headers).map(([name, each]) => [name, each.toString()]));
  return Binding.toEvent({ key: key.toString(), headers: texts, value: value.toString() });
}

for (const record of plan.records) await send(record, record.events);
console.log('sent');

const consumer = kafka.consumer({ groupId: plan.group });
await consumer.connect();
await consumer.subscribe({ topic: plan.retries, fromBeginning: true });
let left = plan.records.filter((each) => !each.aborted).flatMap((each) => each.events).length;
await new Promise((done, failed) => {
  consumer.on(consumer.events.CRASH, ({ payload }) => failed(payload.error));
  consumer.run({
    eachMessage: async ({ message }) => {
      const retry = read(message);
      console.log(JSON.stringify(retry));
      const { key } = retry.data;
      const record = plan.records.find((each) => each.events.some((event) => event.data.key === key));
      const time = new Date().toISOString();
      const answer = {
        ...record.events[0],
        id: `answer-${retry.id}`,
        time,
        subject: key,
        correlationid: retry.id,
        data: { ...plan.answer, key, processed_at: time },
      };
      await send(record, [answer]);
      left -= 1;
      if (left === 0) done();
    },
  });
});
await consumer.disconnect();
for (const producer of producers.values()) await producer.disconnect();
