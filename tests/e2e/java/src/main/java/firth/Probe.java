// The Apache Kafka Java client as a program: reads, produces or consumes as a group member, and prints JSON lines. Commands come as lines of
// JSON, each an array of its words, one after the other, so that one machine serves many tests; {"done": true} or {"failed": why} ends each.
//   read BOOTSTRAP TOPIC PARTITION ISOLATION OFFSET   from that offset to the end that the partition has now; the last line is {"position": N}
//   produce BOOTSTRAP TOPIC COUNT CODEC               records key-I, value-I, by an idempotent producer; prints {"partition": P, "offset": N}
//   group BOOTSTRAP TOPIC GROUP COUNT                 so many records by a member of a classic group, then a commit
package firth;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

public final class Probe {
    private static final long DEADLINE_MS = 60_000;
    private static final Duration POLL = Duration.ofMillis(100);
    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] none) throws Exception {
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            try {
                run(JSON.readValue(line, String[].class));
                print(Map.of("done", true));
            } catch (Exception failure) {
                print(Map.of("failed", failure.toString()));
            }
        }
    }

    private static void run(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "read" -> read(arguments[1], new TopicPartition(arguments[2], Integer.parseInt(arguments[3])), arguments[4], Long.parseLong(arguments[5]));
            case "produce" -> produce(arguments[1], arguments[2], Integer.parseInt(arguments[3]), arguments[4]);
            case "group" -> group(arguments[1], arguments[2], arguments[3], Integer.parseInt(arguments[4]));
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    private static void read(String bootstrap, TopicPartition partition, String isolation, long offset) throws Exception {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(bootstrap, Map.of("isolation.level", isolation))) {
            consumer.assign(List.of(partition));
            consumer.seek(partition, offset);
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            long deadline = System.currentTimeMillis() + DEADLINE_MS;
            while (consumer.position(partition) < end) {
                if (System.currentTimeMillis() > deadline) throw new IllegalStateException("stuck at " + consumer.position(partition) + " of " + end);
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) print(record);
            }
            print(Map.of("position", consumer.position(partition)));
        }
    }

    private static void group(String bootstrap, String topic, String group, int count) throws Exception {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(bootstrap, Map.of("group.id", group))) {
            consumer.subscribe(List.of(topic));
            long deadline = System.currentTimeMillis() + DEADLINE_MS;
            for (int got = 0; got < count; ) {
                if (System.currentTimeMillis() > deadline) throw new IllegalStateException(got + " of " + count + " records came");
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                    print(record);
                    ++got;
                }
            }
            consumer.commitSync();
        }
    }

    private static void produce(String bootstrap, String topic, int count, String codec) throws Exception {
        Map<String, Object> config = Map.of("bootstrap.servers", bootstrap, "compression.type", codec, "linger.ms", 5);
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (int i = 0; i < count; ++i) sent.add(producer.send(new ProducerRecord<>(topic, "key-" + i, "value-" + i)));
            for (Future<RecordMetadata> one : sent) print(Map.of("partition", one.get().partition(), "offset", one.get().offset()));
        }
    }

    private static KafkaConsumer<byte[], byte[]> consumer(String bootstrap, Map<String, Object> more) {
        Map<String, Object> config = new LinkedHashMap<>(more);
        config.put("bootstrap.servers", bootstrap);
        config.put("enable.auto.commit", false);
        config.put("auto.offset.reset", "earliest");
        return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    private static void print(ConsumerRecord<byte[], byte[]> record) throws Exception {
        List<List<String>> headers = new ArrayList<>();
        for (Header header : record.headers()) {
            List<String> pair = new ArrayList<>();
            pair.add(header.key());
            pair.add(text(header.value()));
            headers.add(pair);
        }
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("partition", record.partition());
        line.put("offset", record.offset());
        line.put("key", text(record.key()));
        line.put("value", text(record.value()));
        line.put("timestamp", record.timestamp());
        line.put("headers", headers);
        print(line);
    }

    private static String text(byte[] bytes) {
        return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
    }

    private static void print(Object line) throws Exception {
        System.out.println(JSON.writeValueAsString(line));
    }
}
