package jobs;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiterStrategy;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Remembers words: looks fifty times a second for the file --words DIR/JOB.word, takes what is in it
 * into its state, and writes all that it remembers to DIR/JOB.memory.
 */
public final class Remembering {
    public static void main(String[] args) throws Exception {
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
        DataGeneratorSource<Long> ticks = new DataGeneratorSource<>(
                number -> number, Long.MAX_VALUE, RateLimiterStrategy.perSecond(50), Types.LONG);
        environment
                .fromSource(ticks, WatermarkStrategy.noWatermarks(), "ticks")
                .uid("ticks")
                .setParallelism(1)
                .process(new Memory(new Arguments(args).text("words")))
                .uid("memory")
                .setParallelism(1);
        environment.execute("remembering");
    }

    static class Memory extends ProcessFunction<Long, Void> implements CheckpointedFunction {
        private static final long serialVersionUID = 1;
        private final String folder;
        private transient ListState<String> state;
        private transient List<String> words;

        Memory(String folder) {
            this.folder = folder;
        }

        @Override
        public void processElement(Long tick, Context context, Collector<Void> collector) throws Exception {
            Path file = Path.of(folder, job() + ".word");
            try {
                words.add(Files.readString(file).trim());
                tell();
                Files.delete(file);
            } catch (NoSuchFileException nothing) {
                // Nobody says a word.
            }
        }

        @Override
        public void initializeState(FunctionInitializationContext context) throws Exception {
            state = context.getOperatorStateStore()
                    .getListState(new ListStateDescriptor<>("words", Types.STRING));
            words = new ArrayList<>();
            for (String word : state.get()) {
                words.add(word);
            }
            tell();
        }

        @Override
        public void snapshotState(FunctionSnapshotContext context) throws Exception {
            state.update(words);
        }

        private String job() {
            return getRuntimeContext().getJobInfo().getJobId().toString();
        }

        private void tell() throws Exception {
            Path whole = Path.of(folder, job() + ".new");
            Files.write(whole, words, StandardCharsets.UTF_8);
            Files.move(whole, Path.of(folder, job() + ".memory"), StandardCopyOption.ATOMIC_MOVE);
        }
    }

    private Remembering() {}
}
