// A connector in Java: sends one result, then answers retries. It needs kafka-clients and jackson-databind:
// `java -cp 'lib/*' Connector.java`.
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class Connector {
    static final String SERVERS = System.getenv().getOrDefault("KAFKA", "127.0.0.1:19092");
    static final String PREFIX = System.getenv().getOrDefault("CONEXOES_TOPIC_PREFIX", "conexoes");
    static final String SOURCE = "/connectors/java";
    static final String AFFILIATE = "JAVA";
    static final ObjectMapper JSON = new ObjectMapper();

    /** Sends a result and waits until Kafka has it. `id` is the same when the same result is sent again. */
    static void emit(KafkaProducer<byte[], byte[]> producer, String type, ObjectNode data, String id, String correlationId)
            throws Exception {
        String time = Instant.now().toString();
        data.put("processed_at", time);
        String key = String.join("/", data.get("account").asText(), data.get("affiliate").asText(), data.get("key").asText());
        // The key keeps the order of one entity.
        var record = new ProducerRecord<>(PREFIX + ".results." + type, bytes(key), JSON.writeValueAsBytes(data));
        header(record, "content-type", "application/json");
        header(record, "ce_specversion", "1.0");
        header(record, "ce_type", "conexoes." + type + ".result.v1");
        header(record, "ce_source", SOURCE);
        header(record, "ce_id", id);
        header(record, "ce_subject", data.get("key").asText());
        header(record, "ce_time", time);
        if (correlationId != null) header(record, "ce_correlationid", correlationId);
        producer.send(record).get(); // acks=all and idempotence are its defaults
    }

    /** Does the work of a retry again, and says how it went. */
    static ObjectNode updatePrice(JsonNode retry) {
        return JSON.createObjectNode().put("status", "success").put("message", "price of " + retry.get("key").asText() + " sent again");
    }

    static ObjectNode entity(String account, String affiliate, String key) {
        return JSON.createObjectNode().put("account", account).put("affiliate", affiliate).put("key", key);
    }

    static void answer(KafkaProducer<byte[], byte[]> producer, ConsumerRecord<byte[], byte[]> record) throws Exception {
        JsonNode retry = JSON.readTree(record.value());
        JsonNode data = retry.get("data");
        if (!AFFILIATE.equals(data.get("affiliate").asText())) return;
        ObjectNode result = entity(data.get("account").asText(), AFFILIATE, data.get("key").asText());
        try {
            result.setAll(updatePrice(data));
        } catch (RuntimeException error) {
            // A bug gets an answer too: silence would say nothing to anybody.
            result.put("status", "error");
            result.putArray("errors").addObject().put("code", "connector.exception").put("message", error.toString());
        }
        emit(producer, "price", result, UUID.randomUUID().toString(), retry.get("id").asText());
    }

    public static void main(String[] arguments) throws Exception {
        var consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", SERVERS, "group.id", PREFIX + "-java", "auto.offset.reset", "earliest",
                        "enable.auto.commit", "false"),
                new ByteArrayDeserializer(), new ByteArrayDeserializer());
        var main = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            consumer.wakeup();
            try {
                main.join();
            } catch (InterruptedException ignored) {
                Thread.currentThread().interrupt();
            }
        }));
        try (consumer; var producer = new KafkaProducer<>(Map.<String, Object>of("bootstrap.servers", SERVERS),
                new ByteArraySerializer(), new ByteArraySerializer())) {
            ObjectNode result = entity("demo", AFFILIATE, "SKU-1").put("status", "error");
            result.putArray("errors").addObject().put("code", "price.missing").put("message", "no price");
            emit(producer, "price", result, UUID.randomUUID().toString(), null);
            consumer.subscribe(List.of(PREFIX + ".retry.price"));
            while (true) {
                for (var record : consumer.poll(Duration.ofMillis(500))) answer(producer, record);
                consumer.commitSync(); // only after Kafka has the answers: after a crash a retry comes again, with the same id
            }
        } catch (WakeupException stopped) {
            // The end of the process was asked for.
        }
    }

    static void header(ProducerRecord<byte[], byte[]> record, String name, String value) {
        record.headers().add(name, bytes(value));
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
