import { z } from 'zod';
import { PermanentError } from '../../core/errors.js';
import { localDay } from '../../core/legal-day.js';
import { isArchiveDue, writeArchive } from '../../core/technical-request/archives.js';
import { defineWorker } from '../define-worker.js';

/**
 * R17(2), TECH-31: puts the information on all technical requests away, once in a period: a job that waited while another night's was recorded puts
 * nothing away. A repeat before it is recorded writes a file of its own name; the recorded one stays as it is.
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
    const { every, folder } = settings.archive;
    const day = localDay(clock.legalNow(), organisation.timeZone);
    if (!isArchiveDue(every, await technicalArchives.last(), day)) return null;
    return writeArchive(database, { folder, day, signal });
  },
  run: async ({ tx, services, reached: batch }) => {
    if (batch && !(await services.technicalArchives.find(batch._id, tx)))
      await services.technicalArchives.note(tx, batch);
    return {};
  },
});
