// A whole connector in Java, beside a running `conexoes up`: Java 17 or newer, kafka-clients and Jackson.
//
//   KAFKA=127.0.0.1:19092 ACCOUNT=demo AFFILIATE=MINE java -cp 'lib/*' Connector.java

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

import static java.nio.charset.StandardCharsets.UTF_8;

public class Connector {
    static final String KAFKA = setting("KAFKA", "127.0.0.1:19092");
    static final String ACCOUNT = setting("ACCOUNT", "demo");
    static final String AFFILIATE = setting("AFFILIATE", "MINE");
    static final String PREFIX = setting("CONEXOES_TOPIC_PREFIX", "conexoes");
    static final String SOURCE = "/connectors/example-java";
    static final String GROUP = PREFIX + "-example-java"; // all processes of one group share the retries
    static final int REMEMBERED = 10_000;
    static final ObjectMapper JSON = new ObjectMapper();

    // Kafka may deliver a retry twice. One that was answered busy comes again with the same id, and is to be done then.
    final Set<String> answered = Collections.newSetFromMap(new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
            return size() > REMEMBERED;
        }
    });
    final KafkaProducer<String, byte[]> producer;

    Connector(KafkaProducer<String, byte[]> producer) {
        this.producer = producer;
    }

    /** Do the work again, and say how it went. */
    ObjectNode updatePrice(JsonNode retry) {
        return JSON.createObjectNode()
            .put("status", "success")
            .put("message", "price of " + retry.get("key").asText() + " sent again");
    }

    /** Send one result. Returns when Kafka has it. `correlationId` is the id of the retry that it answers, or null. */
    void emit(ObjectNode result, String correlationId) throws Exception {
        // Instant, not OffsetDateTime: the latter leaves out the seconds when they are zero, and that is no RFC 3339.
        String now = Instant.now().toString();
        ObjectNode data = JSON.createObjectNode();
        data.put("account", ACCOUNT).put("affiliate", AFFILIATE).put("processed_at", now).setAll(result);
        String key = ACCOUNT + "/" + AFFILIATE + "/" + data.get("key").asText(); // by it an entity keeps its order
        var record = new ProducerRecord<>(PREFIX + ".results.price", key, JSON.writeValueAsBytes(data));
        header(record, "ce_specversion", "1.0");
        header(record, "ce_type", "conexoes.price.result.v1");
        header(record, "ce_source", SOURCE);
        header(record, "ce_id", UUID.randomUUID().toString()); // of this result alone, never that of the SKU or order
        header(record, "ce_time", now);
        header(record, "content-type", "application/json");
        if (correlationId != null) {
            header(record, "ce_correlationid", correlationId);
        }
        producer.send(record).get();
    }

    void handle(ConsumerRecord<String, byte[]> record) throws Exception {
        JsonNode retry = JSON.readTree(record.value());
        JsonNode data = retry.get("data");
        if (!data.get("account").asText().equals(ACCOUNT) || !data.get("affiliate").asText().equals(AFFILIATE)) {
            return; // another connector's
        }
        String id = retry.get("id").asText();
        String attempt = id + " " + data.get("busy_answers").asInt();
        if (answered.contains(attempt)) {
            return;
        }
        ObjectNode answer;
        try {
            answer = updatePrice(data);
        } catch (RuntimeException error) {
            // A bug is an answer too; without one the operator sees `silent`.
            answer = JSON.createObjectNode().put("status", "error");
            answer.putArray("errors").addObject().put("code", "connector.exception").put("message", error.toString());
        }
        emit(answer.put("key", data.get("key").asText()), id);
        answered.add(attempt);
    }

    public static void main(String[] arguments) throws Exception {
        Map<String, Object> sending = Map.of(
            "bootstrap.servers", KAFKA,
            // Idempotent (the default): a record whose acknowledgement was lost is sent again, and written once.
            "enable.idempotence", true,
            "acks", "all");
        Map<String, Object> taking = Map.of(
            "bootstrap.servers", KAFKA,
            "group.id", GROUP,
            // Retries that were sent before a new group came are its own too.
            "auto.offset.reset", "earliest",
            "enable.auto.commit", false,
            // All of one poll must be done within max.poll.interval.ms, or the group takes the partition away.
            "max.poll.records", 10);
        var asked = new AtomicBoolean();
        var closed = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            asked.set(true);
            try {
                closed.await(); // the JVM waits for its hooks, not for main
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }));
        try (var producer = new KafkaProducer<>(sending, new StringSerializer(), new ByteArraySerializer());
                var consumer = new KafkaConsumer<>(taking, new StringDeserializer(), new ByteArrayDeserializer())) {
            var connector = new Connector(producer);
            connector.emit(JSON.createObjectNode()
                .put("key", "SKU-1").put("status", "success").put("operation", "update-price"), null);
            connector.emit(refused(), null);
            consumer.subscribe(List.of(PREFIX + ".retry.price"));
            while (!asked.get()) {
                for (var record : consumer.poll(Duration.ofSeconds(1))) {
                    connector.handle(record);
                }
                consumer.commitSync(); // Kafka has the answers
            }
        } finally {
            closed.countDown();
        }
    }

    static ObjectNode refused() {
        ObjectNode result = JSON.createObjectNode()
            .put("key", "SKU-2")
            .put("status", "error")
            .put("operation", "update-price")
            .put("message", "The marketplace refused the price");
        var errors = result.putArray("errors");
        errors.addObject()
            .put("code", "price.below_minimum")
            .put("message", "The price 9.90 is below the minimum of 12.00")
            .put("field", "price");
        errors.addObject()
            .put("code", "item.paused").put("message", "The listing is paused").put("severity", "warning");
        result.putObject("request").put("sku", "SKU-2").put("price", "9.90");
        // As text it stays as the marketplace wrote it: a double would make 12.0 of 12.00.
        return result.put("response", "{\"status\":400,\"minimum\":12.00}");
    }

    static void header(ProducerRecord<String, byte[]> record, String name, String value) {
        record.headers().add(name, value.getBytes(UTF_8));
    }

    static String setting(String name, String otherwise) {
        return System.getenv().getOrDefault(name, otherwise);
    }
}
