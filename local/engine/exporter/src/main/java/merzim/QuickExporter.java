package merzim;

import io.camunda.zeebe.exporter.api.Exporter;
import io.camunda.zeebe.exporter.api.context.Context;
import io.camunda.zeebe.exporter.api.context.Controller;
import io.camunda.zeebe.exporter.api.context.ScheduledTask;
import io.camunda.zeebe.exporter.opensearch.YearlyExporter;
import io.camunda.zeebe.protocol.record.Record;
import java.time.Duration;
import java.util.Optional;

/**
 * Camunda's OpenSearch exporter, which sends what it has gathered after 50 milliseconds: its own shortest delay is a second, and a request
 * for each record, the other way to see a task soon, falls behind under load. It writes an index a year ({@link YearlyExporter}).
 */
public final class QuickExporter implements Exporter {

  private static final Duration LONGEST_DELAY = Duration.ofMillis(50);

  private final YearlyExporter exporter = new YearlyExporter();

  @Override
  public void configure(Context context) throws Exception {
    exporter.configure(context);
  }

  @Override
  public void open(Controller controller) {
    exporter.open(new Impatient(controller));
  }

  @Override
  public void export(Record<?> record) {
    exporter.export(record);
  }

  @Override
  public void close() {
    exporter.close();
  }

  private record Impatient(Controller controller) implements Controller {

    @Override
    public ScheduledTask scheduleCancellableTask(Duration delay, Runnable task) {
      return controller.scheduleCancellableTask(delay.compareTo(LONGEST_DELAY) > 0 ? LONGEST_DELAY : delay, task);
    }

    @Override
    public void updateLastExportedRecordPosition(long position) {
      controller.updateLastExportedRecordPosition(position);
    }

    @Override
    public void updateLastExportedRecordPosition(long position, byte[] metadata) {
      controller.updateLastExportedRecordPosition(position, metadata);
    }

    @Override
    public long getLastExportedRecordPosition() {
      return controller.getLastExportedRecordPosition();
    }

    @Override
    public Optional<byte[]> readMetadata() {
      return controller.readMetadata();
    }
  }
}
