package jobs;

import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;

/** Keeps its counts as another type: what was saved cannot be read. */
public final class SerializerChanged extends Counter {
    private static final long serialVersionUID = 1;

    private SerializerChanged(Arguments arguments) {
        super(arguments);
    }

    public static void main(String[] args) throws Exception {
        Arguments arguments = new Arguments(args);
        Counting.run(arguments, new SerializerChanged(arguments), "count");
    }

    @Override
    @SuppressWarnings({"unchecked", "rawtypes"})
    protected ValueStateDescriptor<Number> kept() {
        return new ValueStateDescriptor("count", Types.INT);
    }

    @Override
    protected Number number(long value) {
        return (int) value;
    }
}
