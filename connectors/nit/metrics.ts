import { Counter, type Registry } from 'prom-client';

/** How much came from NIT, by system; of attempts that failed too. In no registry until {@link registerNitMetrics}. */
export const nitMetrics = {
  rows: counter('rows', 'Rows received from NIT'),
  bytes: counter('bytes', 'Bytes received from NIT, before any content encoding'),
  parts: counter('parts', 'Parts of extracts received from NIT, verified and stored'),
};

/** Shows the figures at the /metrics of a process; to be called once, where its registry is made. */
export function registerNitMetrics(registry: Registry): void {
  for (const metric of Object.values(nitMetrics)) registry.registerMetric(metric);
}

function counter(name: string, help: string): Counter<'system'> {
  return new Counter({ name: `merzim_nit_${name}_total`, help, labelNames: ['system'], registers: [] });
}
