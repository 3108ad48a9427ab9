import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { ClockFigures } from '../core/clock-figures.js';

/** How a job delivery ended. `replayed`: answered with the remembered result; `late`: the engine no longer had the job. */
export type JobResult = 'completed' | 'error' | 'retry' | 'incident' | 'replayed' | 'late' | 'unanswered';

/** The figures of one process, in the registry that its /metrics serves. Labels are names from diagrams and codes, never values. */
export interface Metrics {
  registry: Registry;
  jobs: Counter<'type' | 'outcome'>;
  jobSeconds: Histogram<'type'>;
  jobsActive: Gauge<'type'>;
  polls: Counter<'type' | 'outcome'>;
  relayed: Counter<'kind' | 'outcome'>;
  relayLagSeconds: Histogram<'kind'>;
  outboxDepth: Gauge<'state'>;
  outboxOldestSeconds: Gauge;
  notices: Counter<'outcome'>;
  sweeps: Counter<'outcome'>;
  findings: Counter<'kind'>;
  sealerAgeSeconds: Gauge;
  clocksOpen: Gauge<'rule'>;
  clocksDueSoon: Gauge<'rule'>;
  clocksBroken: Gauge<'rule'>;
  heartbeatAgeSeconds: Gauge<'of'>;
}

export function createMetrics(component: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ component });
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    jobs: new Counter({
      name: 'merzim_jobs_total',
      help: 'Job deliveries by type and how they ended',
      labelNames: ['type', 'outcome'],
      registers,
    }),
    jobSeconds: new Histogram({
      name: 'merzim_job_duration_seconds',
      help: 'From the arrival of a job to its answer',
      labelNames: ['type'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
      registers,
    }),
    jobsActive: new Gauge({
      name: 'merzim_jobs_active',
      help: 'Jobs that are worked on now',
      labelNames: ['type'],
      registers,
    }),
    polls: new Counter({
      name: 'merzim_polls_total',
      help: 'Requests for jobs by type and outcome (ok, failed)',
      labelNames: ['type', 'outcome'],
      registers,
    }),
    relayed: new Counter({
      name: 'merzim_relayed_total',
      help: 'Outbox entries by kind and outcome (sent, repeated, retry, failed)',
      labelNames: ['kind', 'outcome'],
      registers,
    }),
    relayLagSeconds: new Histogram({
      name: 'merzim_relay_lag_seconds',
      help: 'From the commit of an outbox entry to its being carried out',
      labelNames: ['kind'],
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3600, 86_400],
      registers,
    }),
    outboxDepth: new Gauge({
      name: 'merzim_outbox_entries',
      help: 'Outbox entries by state (pending, failed)',
      labelNames: ['state'],
      registers,
    }),
    outboxOldestSeconds: new Gauge({
      name: 'merzim_outbox_oldest_seconds',
      help: 'Age of the oldest pending outbox entry',
      registers,
    }),
    notices: new Counter({
      name: 'merzim_notices_total',
      help: 'Mails about tasks and digests by outcome (written, failed)',
      labelNames: ['outcome'],
      registers,
    }),
    sweeps: new Counter({
      name: 'merzim_watchdog_sweeps_total',
      help: 'Sweeps of the watchdog by outcome (done, failed)',
      labelNames: ['outcome'],
      registers,
    }),
    findings: new Counter({
      name: 'merzim_watchdog_findings_total',
      help: 'What the watchdog reported because the engine had not',
      labelNames: ['kind'],
      registers,
    }),
    sealerAgeSeconds: new Gauge({
      name: 'merzim_sealer_age_seconds',
      help: 'Time since the sealer last looked for entries',
      registers,
    }),
    clocksOpen: new Gauge({
      name: 'merzim_clocks_open',
      help: 'Running clocks by rule',
      labelNames: ['rule'],
      registers,
    }),
    clocksDueSoon: new Gauge({
      name: 'merzim_clocks_due_soon',
      help: 'Running clocks by rule whose term ends within 24 hours',
      labelNames: ['rule'],
      registers,
    }),
    clocksBroken: new Gauge({
      name: 'merzim_clocks_broken',
      help: 'Clocks by rule whose term ran out: still running, or stopped too late',
      labelNames: ['rule'],
      registers,
    }),
    heartbeatAgeSeconds: new Gauge({
      name: 'merzim_heartbeat_age_seconds',
      help: 'Since a process of the component in `of` last did its work, as the watchdog sees it',
      labelNames: ['of'],
      registers,
    }),
  };
}

/**
 * Shows how many clocks each rule has: 0 for a rule of `rules` without clocks, so that its first broken one is a rise. Without figures nothing is
 * shown: old ones would look like true ones.
 */
export function showClocks(
  { clocksOpen, clocksDueSoon, clocksBroken }: Metrics,
  figures: ClockFigures | null,
  rules: readonly string[],
): void {
  for (const gauge of [clocksOpen, clocksDueSoon, clocksBroken]) gauge.reset();
  if (!figures) return;
  for (const rule of new Set([...rules, ...Object.keys(figures.byRule)])) {
    const { open, dueSoon, broken } = figures.byRule[rule] ?? { open: 0, dueSoon: 0, broken: 0 };
    clocksOpen.set({ rule }, open);
    clocksDueSoon.set({ rule }, dueSoon);
    clocksBroken.set({ rule }, broken);
  }
}

/** A gauge that is asked when it is read, e.g. how long ago the last successful poll was. */
export function gaugeOf(metrics: Metrics, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [metrics.registry],
    collect() {
      this.set(read());
    },
  });
}
