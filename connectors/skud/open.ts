import type { SkudClient } from './client.js';

/**
 * Opens an account of which `mayOpen` says that nothing else holds it. Asked again after SKUD has opened it: what was to be blocked for another reason meanwhile
 * is blocked again, whoever was first; what may not be opened is blocked.
 */
export async function openIfFree(
  skud: SkudClient,
  skudId: string,
  mayOpen: () => Promise<boolean>,
  signal?: AbortSignal,
): Promise<boolean> {
  if (await mayOpen()) {
    await skud.unblock(skudId, signal);
    if (await mayOpen()) return true;
  }
  await skud.block(skudId, signal);
  return false;
}
