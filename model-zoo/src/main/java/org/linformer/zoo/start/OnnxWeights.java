package org.linformer.zoo.start;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The float32 weights in an ONNX file by the names that they have in PyTorch. A matrix product's weight lost its name
 * in the export and was transposed: it is named after its node, and transposed back.
 *
 * <p>ONNX is a protocol buffer (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto): a model has a graph (field 7),
 * a graph nodes (1) and initializers (5).
 */
final class OnnxWeights {

    private static final int FLOAT = 1;
    private static final String PRODUCT = "/MatMul";

    private record Tensor(String name, int type, Shape shape, ByteBuffer data) {}

    private record Node(String name, List<String> inputs) {}

    private OnnxWeights() {}

    /**
     * Reads a file.
     *
     * @param manager owner of the arrays
     * @param file the ONNX file
     * @return the weights by name
     * @throws IOException if the file cannot be read or is no ONNX file
     */
    static Map<String, NDArray> read(NDManager manager, Path file) throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        Map<String, String> products = new HashMap<>();
        CodedInputStream model = CodedInputStream.newInstance(Files.readAllBytes(file));
        model.setSizeLimit(Integer.MAX_VALUE);
        fields(model, (field, in) -> {
            if (field != 7) {
                return false;
            }
            message(
                    in,
                    graph -> fields(graph, (part, body) -> {
                        if (part == 1) {
                            Node node = node(body);
                            if (node.name().endsWith(PRODUCT) && node.inputs().size() == 2) {
                                products.put(node.inputs().get(1), node.name());
                            }
                            return true;
                        }
                        if (part == 5) {
                            Tensor tensor = tensor(body);
                            tensors.put(tensor.name(), tensor);
                            return true;
                        }
                        return false;
                    }));
            return true;
        });
        Map<String, NDArray> weights = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> {
            if (tensor.type() != FLOAT) {
                return;
            }
            NDArray array = manager.create(tensor.data().asFloatBuffer(), tensor.shape());
            String product = products.get(name);
            if (product == null) {
                weights.put(name, array);
            } else {
                String path = product.substring(1, product.length() - PRODUCT.length());
                weights.put(path.replace('/', '.') + ".weight", array.transpose());
            }
        });
        return weights;
    }

    private interface Field {
        /** Reads the field, or returns false to have it skipped. */
        boolean read(int number, CodedInputStream in) throws IOException;
    }

    private interface Body {
        void read(CodedInputStream in) throws IOException;
    }

    private static void fields(CodedInputStream in, Field field) throws IOException {
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (!field.read(WireFormat.getTagFieldNumber(tag), in)) {
                in.skipField(tag);
            }
        }
    }

    private static void message(CodedInputStream in, Body body) throws IOException {
        int limit = in.pushLimit(in.readRawVarint32());
        body.read(in);
        in.popLimit(limit);
    }

    private static Node node(CodedInputStream in) throws IOException {
        List<String> inputs = new ArrayList<>();
        String[] name = {""};
        message(
                in,
                node -> fields(node, (field, body) -> {
                    switch (field) {
                        case 1 -> inputs.add(body.readString());
                        case 3 -> name[0] = body.readString();
                        default -> {
                            return false;
                        }
                    }
                    return true;
                }));
        return new Node(name[0], inputs);
    }

    private static Tensor tensor(CodedInputStream in) throws IOException {
        List<Long> dimensions = new ArrayList<>();
        int[] type = {0};
        String[] name = {""};
        ByteBuffer[] data = {ByteBuffer.allocate(0)};
        message(
                in,
                tensor -> fields(tensor, (field, body) -> {
                    switch (field) {
                        case 1 -> dimensions.add(body.readInt64());
                        case 2 -> type[0] = body.readInt32();
                        case 8 -> name[0] = body.readString();
                        case 9 ->
                            data[0] = ByteBuffer.wrap(body.readByteArray()).order(ByteOrder.LITTLE_ENDIAN);
                        default -> {
                            return false;
                        }
                    }
                    return true;
                }));
        return new Tensor(name[0], type[0], new Shape(dimensions), data[0]);
    }
}
