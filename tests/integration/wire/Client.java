// The client of tests/integration/wire/test_clients.py in Java: kafka-clients, and the CloudEvents SDK for Java.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.cloudevents.CloudEvent;
import io.cloudevents.core.builder.CloudEventBuilder;
import io.cloudevents.jackson.JsonFormat;
import io.cloudevents.kafka.KafkaMessageFactory;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

import static java.nio.charset.StandardCharsets.UTF_8;

public class Client {
    static final ObjectMapper JSON = new ObjectMapper();
    static final JsonFormat FORMAT = new JsonFormat();
    static final JsonFormat AS_BYTES = new JsonFormat().withForceJsonDataToBase64();

    final JsonNode plan;
    final Map<String, KafkaProducer<String, byte[]>> producers = new HashMap<>();

    Client(JsonNode plan) {
        this.plan = plan;
    }

    KafkaProducer<String, byte[]> producerOf(String kind, String codec) {
        return producers.computeIfAbsent(kind + " " + codec, name -> {
            Map<String, Object> options = new HashMap<>(Map.of(
                "bootstrap.servers", text(plan, "servers"),
                "compression.type", codec,
                "enable.idempotence", !kind.equals("plain"),
                "acks", "all"));
            if (kind.equals("transactional")) {
                options.put("transactional.id", text(plan, "group") + "-" + codec);
            }
            var made = new KafkaProducer<>(options, new StringSerializer(), new ByteArraySerializer());
            if (kind.equals("transactional")) {
                made.initTransactions();
            }
            return made;
        });
    }

    /** The event as its SDK has it. */
    static CloudEvent event(JsonNode given) throws Exception {
        var builder = CloudEventBuilder.v1()
            .withId(text(given, "id"))
            .withSource(URI.create(text(given, "source")))
            .withType(text(given, "type"))
            .withSubject(text(given, "subject"))
            .withTime(OffsetDateTime.parse(text(given, "time")))
            .withData(text(given, "datacontenttype"), JSON.writeValueAsBytes(given.get("data")));
        if (given.has("correlationid")) {
            builder.withExtension("correlationid", text(given, "correlationid"));
        }
        return builder.build();
    }

    /** The record of these events as their SDK writes them. */
    ProducerRecord<String, byte[]> encoded(String mode, String key, List<JsonNode> events) throws Exception {
        var writer = KafkaMessageFactory.<String>createWriter(text(plan, "results"), key);
        switch (mode) {
            case "binary":
                return writer.writeBinary(event(events.get(0)));
            case "structured":
                return writer.writeStructured(event(events.get(0)), FORMAT);
            case "bytes":
                return writer.writeStructured(event(events.get(0)), AS_BYTES);
            case "batch":
                var value = new ByteArrayOutputStream();
                for (JsonNode each : events) {
                    value.write(value.size() == 0 ? '[' : ',');
                    value.write(FORMAT.serialize(event(each)));
                }
                value.write(']');
                var record = new ProducerRecord<>(text(plan, "results"), key, value.toByteArray());
                record.headers().add("content-type", "application/cloudevents-batch+json".getBytes(UTF_8));
                return record;
            default:
                throw new IllegalArgumentException("mode " + mode);
        }
    }

    void send(JsonNode record, List<JsonNode> events) throws Exception {
        String kind = text(record, "producer");
        var producer = producerOf(kind, text(record, "codec"));
        var made = encoded(text(record, "mode"), text(record, "key"), events);
        if (!kind.equals("transactional")) {
            producer.send(made).get();
            return;
        }
        producer.beginTransaction();
        producer.send(made).get();
        if (record.get("aborted").asBoolean()) {
            producer.abortTransaction();
        } else {
            producer.commitTransaction();
        }
    }

    void answer(ConsumerRecord<String, byte[]> taken) throws Exception {
        CloudEvent retry = KafkaMessageFactory.createReader(taken).toEvent();
        JsonNode data = JSON.readTree(retry.getData().toBytes());
        ObjectNode said = JSON.createObjectNode()
            .put("id", retry.getId())
            .put("type", retry.getType())
            .put("source", retry.getSource().toString())
            .put("subject", retry.getSubject())
            .put("correlationid", (String) retry.getExtension("correlationid"));
        System.out.println(JSON.writeValueAsString(said.set("data", data)));
        String key = text(data, "key");
        JsonNode record = recordOf(key);
        String time = Instant.now().toString();
        ObjectNode answer = record.get("events").get(0).deepCopy();
        answer.put("id", "answer-" + retry.getId())
            .put("time", time)
            .put("subject", key)
            .put("correlationid", retry.getId())
            .set("data", ((ObjectNode) plan.get("answer").deepCopy()).put("key", key).put("processed_at", time));
        send(record, List.of(answer));
    }

    JsonNode recordOf(String key) {
        for (JsonNode record : plan.get("records")) {
            for (JsonNode event : record.get("events")) {
                if (text(event.get("data"), "key").equals(key)) {
                    return record;
                }
            }
        }
        throw new IllegalArgumentException("key " + key);
    }

    void run() throws Exception {
        int left = 0;
        for (JsonNode record : plan.get("records")) {
            List<JsonNode> events = new ArrayList<>();
            record.get("events").forEach(events::add);
            send(record, events);
            left += record.get("aborted").asBoolean() ? 0 : events.size();
        }
        System.out.println("sent");
        Map<String, Object> options = Map.of(
            "bootstrap.servers", text(plan, "servers"),
            "group.id", text(plan, "group"),
            "auto.offset.reset", "earliest");
        try (var consumer = new KafkaConsumer<>(options, new StringDeserializer(), new ByteArrayDeserializer())) {
            consumer.subscribe(List.of(text(plan, "retries")));
            while (left > 0) {
                for (var taken : consumer.poll(Duration.ofSeconds(1))) {
                    answer(taken);
                    left--;
                }
            }
        }
        producers.values().forEach(KafkaProducer::close);
    }

    static String text(JsonNode of, String name) {
        return of.get(name).asText();
    }

    public static void main(String[] arguments) throws Exception {
        new Client(JSON.readTree(new File(arguments[0]))).run();
    }
}
