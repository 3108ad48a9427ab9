/** A page at the end of a chain of redirects. */
export interface Page {
  url: URL;
  status: number;
  headers: Headers;
  body: string;
  /** Every address that was asked, in order. */
  chain: string[];
}

interface Cookie {
  value: string;
  path: string;
}

/**
 * A browser without a screen, for the demo and for tests: keeps cookies by host (not by port, as browsers do) and path, follows redirects,
 * and signs in on the development identity provider's page.
 */
export class Browser {
  readonly #cookies = new Map<string, Map<string, Cookie>>();

  constructor(readonly headers: Record<string, string> = { accept: 'text/html', 'accept-language': 'ru' }) {}

  get(url: string | URL): Promise<Page> {
    return this.#load(new URL(url), { method: 'GET' });
  }

  post(url: string | URL, form: Record<string, string>): Promise<Page> {
    return this.#load(new URL(url), { method: 'POST', body: new URLSearchParams(form) });
  }

  /** One request with the cookies that the browser has, redirects not followed: for calls that a page's script would make. */
  async request(url: string | URL, init: RequestInit = {}): Promise<Response> {
    const target = new URL(url);
    const headers = new Headers(this.headers);
    new Headers(init.headers).forEach((value, name) => headers.set(name, value));
    const cookie = this.cookieHeader(target);
    if (cookie) headers.set('cookie', cookie);
    const response = await fetch(target, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) this.#keep(target, line);
    return response;
  }

  /**
   * Opens a page that asks for a sign-in, signs in there and comes back. Without a page of sign-in on the way (already signed in) the page itself.
   */
  async signIn(url: string | URL, login: string, password: string): Promise<Page> {
    const page = await this.get(url);
    const action = /<form method="post" action="(\/interaction\/[\w-]+)">/.exec(page.body)?.[1];
    return action ? this.post(new URL(action, page.url), { login, password }) : page;
  }

  cookie(url: string | URL, name: string): string | undefined {
    return this.#cookies.get(new URL(url).hostname)?.get(name)?.value;
  }

  setCookie(url: string | URL, name: string, value: string): void {
    this.#keep(new URL(url), `${name}=${value}; path=/`);
  }

  cookieHeader(url: URL): string {
    const cookies = this.#cookies.get(url.hostname) ?? new Map<string, Cookie>();
    return [...cookies]
      .filter(
        ([, { path }]) => url.pathname === path || url.pathname.startsWith(path.endsWith('/') ? path : `${path}/`),
      )
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ');
  }

  async #load(start: URL, init: RequestInit): Promise<Page> {
    let url = start;
    let next = init;
    const chain: string[] = [];
    for (let hops = 0; hops < 20; hops += 1) {
      chain.push(url.href);
      const response = await this.request(url, next);
      const location = response.headers.get('location');
      const body = await response.text();
      if (response.status < 300 || response.status >= 400 || !location)
        return { url, status: response.status, headers: response.headers, body, chain };
      url = new URL(location, url);
      if (response.status < 307) next = { method: 'GET' };
    }
    throw new Error(`more than 20 redirects from ${start.origin}`);
  }

  #keep(url: URL, line: string): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const separator = pair.indexOf('=');
    const name = pair.slice(0, separator);
    const value = pair.slice(separator + 1);
    const attribute = (wanted: string): string | undefined =>
      attributes.find((one) => one.toLowerCase().startsWith(`${wanted}=`))?.slice(wanted.length + 1);
    const cookies = this.#cookies.get(url.hostname) ?? new Map<string, Cookie>();
    this.#cookies.set(url.hostname, cookies);
    const expires = attribute('expires');
    const gone = attribute('max-age') === '0' || (expires !== undefined && /\b1970\b/.test(expires));
    if (gone) cookies.delete(name);
    else cookies.set(name, { value, path: attribute('path') ?? '/' });
  }
}
