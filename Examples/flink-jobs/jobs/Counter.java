package jobs;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Counts the numbers of each key, and how many that were in all, and keeps a log of what was saved
 * and what it was restored with.
 *
 * <p>The source counts too: of key k, with K keys, the n-th number is k + n * K. Where another comes,
 * numbers were lost or counted twice, and the log says so.
 */
class Counter extends KeyedProcessFunction<Integer, Long, Void> implements CheckpointedFunction {
    private static final long serialVersionUID = 1;
    private final String out;
    private final long keys;
    private final boolean ordered;
    private transient ValueState<Number> count;
    private transient ListState<Long> totals;
    private transient long total;
    private transient boolean gap;

    Counter(Arguments arguments) {
        out = arguments.text("out");
        keys = arguments.number("keys", 32);
        ordered = arguments.number("sources", 1) == 1;
    }

    /** How the count of a key is kept. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    protected ValueStateDescriptor<Number> kept() {
        return new ValueStateDescriptor("count", Types.LONG);
    }

    protected Number number(long value) {
        return value;
    }

    @Override
    public void open(OpenContext context) throws Exception {
        count = getRuntimeContext().getState(kept());
    }

    @Override
    public void processElement(Long value, Context context, Collector<Void> collector) throws Exception {
        long before = count.value() == null ? 0 : count.value().longValue();
        long expected = context.getCurrentKey() + before * keys;
        if (ordered && !gap && value != expected) {
            gap = true;
            log("gap " + expected + " " + value);
        }
        count.update(number(before + 1));
        total++;
    }

    @Override
    public void initializeState(FunctionInitializationContext context) throws Exception {
        totals = context.getOperatorStateStore()
                .getListState(new ListStateDescriptor<>("totals", Types.LONG));
        total = 0;
        for (long part : totals.get()) {
            total += part;
        }
        String checkpoint = context.getRestoredCheckpointId().isPresent()
                ? Long.toString(context.getRestoredCheckpointId().getAsLong())
                : "-";
        log("restored " + checkpoint + " " + total);
    }

    @Override
    public void snapshotState(FunctionSnapshotContext context) throws Exception {
        totals.update(java.util.List.of(total));
        log("saved " + context.getCheckpointId() + " " + total);
    }

    /** One write for each line: subtasks share the file. */
    private void log(String line) throws IOException {
        if (out == null) {
            return;
        }
        String whole = getRuntimeContext().getJobInfo().getJobId()
                + " " + getRuntimeContext().getTaskInfo().getIndexOfThisSubtask() + " " + line + "\n";
        Files.write(
                Path.of(out),
                whole.getBytes(StandardCharsets.UTF_8),
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }
}
