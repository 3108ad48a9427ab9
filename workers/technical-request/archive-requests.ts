import { z } from 'zod';
import { PermanentError } from '../../core/errors.js';
import { localDay } from '../../core/legal-day.js';
import { writeArchive } from '../../core/technical-request/archives.js';
import { defineWorker } from '../define-worker.js';

/**
 * R17(2), TECH-31: puts the information on all technical requests away, once on a legal day. A repeat before it is recorded writes a file of its own
 * name; the recorded one stays as it is.
 */
export const archiveRequests = defineWorker({
  type: 'technical-request.archive-requests',
  title: 'Archive requests',
  titleRu: 'Архивировать сведения об обращениях',
  act: 'R17(2)',
  input: z.object({}),
  output: z.object({}),
  errors: [],
  timeoutMs: 600_000,
  maxJobs: 1,
  reach: async ({ services, signal }) => {
    const { clock, database, organisation, settings, technicalArchives } = services;
    if (!settings.archive) throw new PermanentError('ARCHIVE_FOLDER is missing', { field: 'ARCHIVE_FOLDER' });
    const day = localDay(clock.legalNow(), organisation.timeZone);
    if (await technicalArchives.find(day)) return null;
    return writeArchive(database, { folder: settings.archive.folder, day, signal });
  },
  run: async ({ tx, services, reached: batch }) => {
    if (batch && !(await services.technicalArchives.find(batch._id, tx)))
      await services.technicalArchives.note(tx, batch);
    return {};
  },
});
