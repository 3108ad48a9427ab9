package io.camunda.zeebe.exporter.opensearch;

import io.camunda.zeebe.exporter.api.context.Context;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/**
 * Camunda's OpenSearch exporter with an index a year for each kind of record instead of one a day: who travels in time makes a year of days in an
 * hour, and whoever asks for the newest records has every one of those indexes searched. Lies in the exporter's package, where its parts
 * can be had.
 */
public class YearlyExporter extends OpensearchExporter {

  private static final DateTimeFormatter YEAR = DateTimeFormatter.ofPattern("yyyy").withZone(ZoneOffset.UTC);

  private OpensearchExporterConfiguration settings;
  private MeterRegistry meters;

  @Override
  public void configure(Context context) {
    super.configure(context);
    settings = context.getConfiguration().instantiate(OpensearchExporterConfiguration.class);
    meters = context.getMeterRegistry();
  }

  @Override
  protected OpensearchClient createClient() {
    return new OpensearchClient(
        settings,
        new BulkIndexRequest(),
        RestClientFactory.of(settings),
        new RecordIndexRouter(settings.index, YEAR),
        new TemplateReader(settings.index),
        new OpensearchMetrics(meters));
  }
}
