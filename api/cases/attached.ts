import { z } from 'zod';
import { checkContent, sniffBytes } from '../../core/content-type.js';
import type { CheckedFile } from '../../core/intake.js';
import { line } from './shapes.js';

/** Files that come in the body of a request, as base64. */

const mediaTypes = ['application/pdf', 'image/png', 'image/jpeg'] as const;

/** A file of at most about 10 MiB. */
export const attachedFile = z.strictObject({
  name: line(1, 200),
  contentType: z.enum(mediaTypes),
  content: z.base64().min(4).max(14_000_000),
});

/** Bytes that a body with such a file may have, as base64. */
export const attachedBodyLimit = 16 * 1024 * 1024;

/** A file whose content is what it says. @throws InputProblem 415 */
export async function checkedFile(file: z.infer<typeof attachedFile>): Promise<CheckedFile> {
  const content = Buffer.from(file.content, 'base64');
  const contentType = await checkContent(file.contentType, content.subarray(0, sniffBytes), file.name);
  return { name: file.name, contentType, content };
}
