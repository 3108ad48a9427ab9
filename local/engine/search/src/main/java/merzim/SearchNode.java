package merzim;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.codelibs.opensearch.runner.node.OpenSearchRunnerNode;
import org.opensearch.analysis.common.CommonAnalysisPlugin;
import org.opensearch.common.settings.Setting;
import org.opensearch.common.settings.Settings;
import org.opensearch.index.reindex.ReindexPlugin;
import org.opensearch.index.shard.IndexSettingProvider;
import org.opensearch.join.ParentJoinPlugin;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.painless.PainlessPlugin;
import org.opensearch.plugins.Plugin;
import org.opensearch.script.mustache.MustachePlugin;
import org.opensearch.transport.Netty4Plugin;

/**
 * One OpenSearch node on loopback, for Operate and Tasklist of a local stack: {@code SearchNode HOME HTTP_PORT
 * TRANSPORT_PORT}. Data lie in HOME/data. Ends on SIGTERM after closing its indexes.
 */
public final class SearchNode {

  private SearchNode() {}

  public static void main(String[] args) throws Exception {
    if (args.length != 3) {
      System.err.println("usage: SearchNode HOME HTTP_PORT TRANSPORT_PORT");
      System.exit(2);
    }
    Path home = Path.of(args[0]).toAbsolutePath();
    Path config = Files.createDirectories(home.resolve("config"));
    Settings settings =
        Settings.builder()
            .put("cluster.name", "merzim-local")
            .put("node.name", "search")
            .put("path.home", home.toString())
            .put("path.data", home.resolve("data").toString())
            .put("path.logs", home.resolve("logs").toString())
            .put("network.host", "127.0.0.1")
            .put("http.port", args[1])
            .put("transport.port", args[2])
            .put("discovery.type", "single-node")
            .put("node.store.allow_mmap", false)
            // A developer's disk is often fuller than a server's: OpenSearch would make every index read-only.
            .put("cluster.routing.allocation.disk.threshold_enabled", false)
            .put("cluster.max_shards_per_node", 5000)
            // By default a request is refused once the heap is nearly full, garbage included. In a heap as small as this one, which is collected
            // only when it is full, that refused thousands of requests of exporter and importers while two thirds of it were garbage.
            .put("indices.breaker.total.use_real_memory", false)
            .build();
    List<Class<? extends Plugin>> plugins =
        List.of(
            Netty4Plugin.class,
            CommonAnalysisPlugin.class,
            PainlessPlugin.class,
            MustachePlugin.class,
            ParentJoinPlugin.class,
            ReindexPlugin.class,
            LocalIndexes.class);
    Node node =
        new OpenSearchRunnerNode(
            InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), config, () -> "search"), plugins);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node)));
    node.start();
    System.out.println("ready on 127.0.0.1:" + args[1]);
    Thread.currentThread().join();
  }

  private static void close(Node node) {
    try {
      node.close();
      node.awaitClose(20, TimeUnit.SECONDS);
    } catch (Exception error) {
      error.printStackTrace();
    }
  }

  /** What the indexes of Camunda 8.6 need here. Public with a public constructor: OpenSearch creates it by reflection. */
  public static final class LocalIndexes extends Plugin {

    @Override
    public List<Setting<?>> getSettings() {
      // Tasklist writes this setting of a plugin that the runner's jars don't hold; unregistered, it is refused.
      return List.of(
          Setting.simpleString(
              "index.plugins.index_state_management.policy_id", Setting.Property.IndexScope, Setting.Property.Dynamic));
    }

    @Override
    public Collection<IndexSettingProvider> getAdditionalIndexSettingProviders() {
      return List.of(
          new IndexSettingProvider() {
            @Override
            public Settings getAdditionalIndexSettings(String index, boolean dataStream, Settings requested) {
              // What is written reaches the disk after the sync interval instead of within the request: many small
              // requests would wait for the disk.
              Settings.Builder settings =
                  Settings.builder()
                      .put("index.translog.durability", "async")
                      .put("index.translog.sync_interval", "100ms");
              if (isWaitedFor(index)) settings.put("index.refresh_interval", "100ms");
              return settings.build();
            }
          });
    }

    /** Whether a task is on its way through it: found after a tenth of a second instead of a second. */
    private static boolean isWaitedFor(String index) {
      return index.startsWith("zeebe-record_")
          || index.startsWith("tasklist-list-view")
          || index.startsWith("tasklist-task")
          || index.startsWith("tasklist-form");
    }
  }
}
