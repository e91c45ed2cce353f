// Makes java-*.bin: record batches as Kafka's own Java client writes them. Run by hand with the jars of org.apache.kafka:kafka-clients
// (4.4.0 made the committed files) and of the compression libraries that it names on the class path:
//
//     java -cp 'jars/*' BatchVectors.java
//
// Every java-CODEC.bin holds the 20 records that tests/log/real_batches_test.cc describes; java-commit.bin and java-abort.bin are the
// markers of producer 4711, epoch 3, at offset 99.
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.RecordBatch;

public class BatchVectors {
    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static void save(String name, MemoryRecords records) throws Exception {
        ByteBuffer buffer = records.buffer();
        byte[] content = new byte[buffer.remaining()];
        buffer.get(content);
        Files.write(Path.of("java-" + name + ".bin"), content);
    }

    public static void main(String[] arguments) throws Exception {
        for (CompressionType type : CompressionType.values()) {
            MemoryRecordsBuilder builder = MemoryRecords.builder(ByteBuffer.allocate(1 << 16), RecordBatch.MAGIC_VALUE_V2,
                Compression.of(type).build(), TimestampType.CREATE_TIME, 0L, RecordBatch.NO_TIMESTAMP, 4711L, (short) 3, 100, false, -1);
            for (int i = 0; i < 20; i++) {
                Header[] headers = new Header[i % 4];
                for (int h = 0; h < headers.length; h++) headers[h] = new RecordHeader("header-" + h, h % 2 == 1 ? null : bytes("" + i));
                builder.append(1_700_000_000_000L + i * 7, i % 3 == 0 ? null : bytes("key-" + i),
                    i % 5 == 4 ? null : bytes("value ".repeat(i)), headers);
            }
            save(type.name, builder.build());
        }
        for (ControlRecordType type : new ControlRecordType[] {ControlRecordType.COMMIT, ControlRecordType.ABORT})
            save(type.name().toLowerCase(), MemoryRecords.withEndTransactionMarker(99L, 1_700_000_000_000L, 7, 4711L, (short) 3,
                new EndTransactionMarker(type, 12)));
    }
}
