// Makes messages.bin: random requests and responses of every version, as Kafka's own Java client encodes them. Run by hand with the jar
// of org.apache.kafka:kafka-clients (4.4.0 made the committed file) and slf4j-api on the class path:
//
//     java -cp kafka-clients.jar:slf4j-api.jar MessageVectors.java messages.bin KEY:MIN-MAX ...
//
// A random message is made from the schema of a version, read into the message's class and written again, so that the bytes are what the
// class writes (it leaves out tagged fields that have their default). One entry a message, big-endian:
//     api key int16, response int8 (0 or 1), version int16, size int32, bytes
import java.io.DataOutputStream;
import java.io.FileOutputStream;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.protocol.types.BoundField;
import org.apache.kafka.common.protocol.types.Field;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.Struct;
import org.apache.kafka.common.protocol.types.TaggedFields;
import org.apache.kafka.common.protocol.types.Type;
import org.apache.kafka.common.record.internal.MemoryRecords;

public class MessageVectors {
    private static final int VECTORS = 10;
    private static final Random random = new Random(20);

    private static long number(long min, long max) {
        switch (random.nextInt(6)) {
            case 0: return -1;
            case 1: return 0;
            case 2: return min;
            case 3: return max;
            case 4: return random.nextInt(100);
            default: return random.nextLong();
        }
    }

    private static byte[] bytes(int limit) {
        byte[] value = new byte[random.nextInt(8) == 0 ? limit : random.nextInt(9)];
        random.nextBytes(value);
        return value;
    }

    private static String string() {
        int length = random.nextInt(40) == 0 ? 130 : random.nextInt(9);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) text.append(random.nextInt(20) == 0 ? 'é' : (char) ('a' + random.nextInt(26)));
        return text.toString();
    }

    private static Object value(Type type) {
        if (type instanceof Schema) return struct((Schema) type);
        if (type instanceof TaggedFields) {
            Map<Integer, Object> tags = new TreeMap<>();
            for (Map.Entry<Integer, Field> entry : ((TaggedFields) type).fields().entrySet())
                if (random.nextInt(2) == 0) tags.put(entry.getKey(), value(entry.getValue().type));
            return tags;
        }
        if (type.isNullable() && random.nextInt(4) == 0) return null;
        if (type.isArray()) {
            Object[] elements = new Object[random.nextInt(3)];
            for (int i = 0; i < elements.length; i++) elements[i] = value(type.arrayElementType().get());
            return elements;
        }
        String name = type.toString();
        if (name.endsWith("STRING")) return string();
        if (name.contains("RECORDS")) return MemoryRecords.readableRecords(ByteBuffer.wrap(bytes(700)));
        if (name.endsWith("BYTES")) return ByteBuffer.wrap(bytes(140));
        switch (name) {
            case "BOOLEAN": return random.nextBoolean();
            case "INT8": return (byte) number(Byte.MIN_VALUE, Byte.MAX_VALUE);
            case "INT16": return (short) number(Short.MIN_VALUE, Short.MAX_VALUE);
            case "INT32": return (int) number(Integer.MIN_VALUE, Integer.MAX_VALUE);
            case "INT64": return number(Long.MIN_VALUE, Long.MAX_VALUE);
            case "UUID": return random.nextInt(4) == 0 ? Uuid.ZERO_UUID : new Uuid(random.nextLong(), random.nextLong());
            default: throw new IllegalArgumentException(name);
        }
    }

    private static Struct struct(Schema schema) {
        Struct struct = new Struct(schema);
        for (BoundField field : schema.fields()) struct.set(field, value(field.def.type));
        return struct;
    }

    private static byte[] message(Schema schema, ApiMessage message, short version) {
        Struct struct = struct(schema);
        ByteBuffer buffer = ByteBuffer.allocate(schema.sizeOf(struct));
        schema.write(buffer, struct);
        buffer.flip();
        message.read(new ByteBufferAccessor(buffer), version);
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer encoded = ByteBuffer.allocate(message.size(cache, version));
        message.write(new ByteBufferAccessor(encoded), cache, version);
        return encoded.array();
    }

    public static void main(String[] arguments) throws Exception {
        try (DataOutputStream out = new DataOutputStream(new FileOutputStream(arguments[0]))) {
            for (int i = 1; i < arguments.length; i++) {
                String[] parts = arguments[i].split("[:-]");
                ApiMessageType type = ApiMessageType.fromApiKey(Short.parseShort(parts[0]));
                for (short version = Short.parseShort(parts[1]); version <= Short.parseShort(parts[2]); version++)
                    for (int response = 0; response < 2; response++)
                        for (int n = 0; n < VECTORS; n++) {
                            Schema schema = (response == 0 ? type.requestSchemas() : type.responseSchemas())[version];
                            byte[] bytes = message(schema, response == 0 ? type.newRequest() : type.newResponse(), version);
                            out.writeShort(type.apiKey());
                            out.writeByte(response);
                            out.writeShort(version);
                            out.writeInt(bytes.length);
                            out.write(bytes);
                        }
            }
        }
    }
}
