package merzim;

import io.camunda.zeebe.process.test.api.ZeebeTestEngine;

/** Serves Zeebe's gRPC interface on a port until stopped, all in memory: {@code TestEngine PORT}. */
public final class TestEngine {

  private TestEngine() {}

  public static void main(String[] args) throws Exception {
    if (args.length != 1) {
      System.err.println("usage: TestEngine PORT");
      System.exit(2);
    }
    // By reflection: the factory's class needs Java 21 to be read, and the compiler may be older than the runtime.
    ZeebeTestEngine engine =
        (ZeebeTestEngine)
            Class.forName("io.camunda.zeebe.process.test.engine.EngineFactory")
                .getMethod("create", int.class)
                .invoke(null, Integer.parseInt(args[0]));
    engine.start();
    Runtime.getRuntime().addShutdownHook(new Thread(engine::stop));
    System.out.println("ready on port " + args[0]);
    Thread.currentThread().join();
  }
}
