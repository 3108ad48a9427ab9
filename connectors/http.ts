import { PermanentError } from '../core/errors.js';

/** Milliseconds of Retry-After. A date counts from the answer's own Date header: no clock of ours is needed. */
export function retryAfter(response: Response): number | undefined {
  const value = response.headers.get('retry-after');
  if (value === null) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const ms = Date.parse(value) - Date.parse(response.headers.get('date') ?? '');
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** A configured address without its last slash. PermanentError naming the setting when it is no https (http only on this machine). */
export function httpsAddress(url: string, setting: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  const loopback = ['127.0.0.1', 'localhost', '[::1]'].includes(parsed?.hostname ?? '');
  if (parsed?.protocol !== 'https:' && !(parsed?.protocol === 'http:' && loopback)) {
    throw new PermanentError(`${setting}: expected an https address (http only on this machine)`, { field: setting });
  }
  return url.replace(/\/+$/, '');
}
