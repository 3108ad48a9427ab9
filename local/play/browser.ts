/** A person at a browser without a window: keeps cookies, follows redirects and fills in the sign-in page, over real HTTP. */
export interface Answer {
  status: number;
  url: string;
  text: string;
}

type Jar = Map<string, Map<string, string>>;

export class Browser {
  readonly #jar: Jar = new Map();

  /** Requests a page and follows redirects, at most ten. */
  async go(url: string, init: RequestInit = {}): Promise<Answer> {
    let next = url;
    let request = init;
    for (let hop = 0; hop < 10; hop += 1) {
      const response = await this.fetch(next, request);
      const location = response.headers.get('location');
      if (response.status < 300 || response.status >= 400 || !location)
        return { status: response.status, url: next, text: await response.text() };
      await response.arrayBuffer();
      next = new URL(location, next).href;
      if (response.status !== 307 && response.status !== 308) request = {};
    }
    throw new Error(`more than ten redirects from ${new URL(url).pathname}`);
  }

  /** Sends the first form of a page with its hidden fields and the given ones. */
  submit(page: Answer, fields: Record<string, string>): Promise<Answer> {
    const form = /<form[^>]*action="([^"]*)"[^>]*>([\s\S]*?)<\/form>/.exec(page.text);
    if (!form) throw new Error(`${new URL(page.url).pathname} has no form (status ${page.status})`);
    const body = new URLSearchParams({ ...hiddenFields(form[2]!), ...fields });
    return this.go(new URL(unescape(form[1]!), page.url).href, { method: 'POST', body });
  }

  async fetch(url: string, init: RequestInit = {}): Promise<Response> {
    const { host } = new URL(url);
    const cookies = this.#jar.get(host) ?? new Map<string, string>();
    this.#jar.set(host, cookies);
    const headers = new Headers(init.headers);
    if (cookies.size) headers.set('cookie', [...cookies].map(([name, value]) => `${name}=${value}`).join('; '));
    if (!headers.has('accept')) headers.set('accept', 'text/html');
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = cookie.split(';');
      const at = pair.indexOf('=');
      const expired = attributes.some((attribute) => /^\s*(max-age=0|expires=Thu, 01 Jan 1970)/i.test(attribute));
      if (expired) cookies.delete(pair.slice(0, at));
      else cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return response;
  }
}

/** Names and values of hidden fields in a piece of HTML. */
export function hiddenFields(html: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [input] of html.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
    const name = /\bname="([^"]*)"/.exec(input)?.[1];
    if (name) fields[name] = unescape(/\bvalue="([^"]*)"/.exec(input)?.[1] ?? '');
  }
  return fields;
}

function unescape(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
