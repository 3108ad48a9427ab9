import { z } from 'zod';
import { localDay } from '../../core/legal-day.js';
import { isArchiveDue } from '../../core/technical-request/archives.js';
import { defineWorker } from '../define-worker.js';

/** R17(2), DL-TECH-3: whether the organisation's period has passed since the last put-away; never where it set none. A day that was missed is caught up. */
export const checkArchive = defineWorker({
  type: 'technical-request.check-archive',
  title: 'Check archive',
  titleRu: 'Проверить, пора ли архивировать',
  act: 'R17(2)',
  input: z.object({}),
  output: z.object({ archiveDue: z.boolean() }),
  errors: [],
  run: async ({ tx, services: { organisation, settings, technicalArchives } }) => {
    const { archive } = settings;
    if (!archive) return { archiveDue: false };
    const today = localDay(tx.at, organisation.timeZone);
    return { archiveDue: isArchiveDue(archive.every, await technicalArchives.last(), today) };
  },
});
