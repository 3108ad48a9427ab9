import { createMailer } from '../connectors/mail/client.js';
import { deliverLetter } from '../connectors/mail/deliver.js';
import { deliverNotice } from '../connectors/mail/notice.js';
import type { Services } from '../core/services.js';
import type { RelayLine } from './relay.js';

/** Mails about tasks and the daily digest: entered by whichever relay holds the lease, carried out by any. */
export function noticeLine({ directory, userTasks, organisation, clock, settings }: Services): RelayLine {
  const mailer = createMailer(settings);
  return {
    kind: 'notice',
    batch: 4,
    leaseMs: 240_000,
    settles: false,
    keyOf: ({ _id }) => _id,
    deliver: (entry) => deliverNotice({ directory, userTasks, mailer, organisation, clock }, entry),
  };
}

/** Letters, each settled together with what follows from its delivery. */
export function mailLine(services: Services): RelayLine {
  const { database, letters, files, outbox, settings } = services;
  const mailer = createMailer(settings);
  const outcomes = { sent: 'sent', 'nothing-to-do': 'repeated', failed: 'failed', later: 'retry' } as const;
  return {
    kind: 'mail',
    batch: 4,
    // A mail server may be silent for two minutes before it is given up.
    leaseMs: 240_000,
    settles: true,
    keyOf: ({ _id }) => _id,
    deliver: async (entry) =>
      outcomes[(await deliverLetter({ database, letters, files, outbox, mailer }, entry)).outcome],
  };
}
