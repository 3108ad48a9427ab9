import { Browser, type Page } from '../identity/browser.js';

/** What the API said to a call. */
export interface Reply<T = Record<string, unknown>> {
  status: number;
  body: T;
}

/** Somebody who signed in with OpenID Connect and works with the API and the pages. */
export class Actor {
  readonly #browser = new Browser();
  #csrf: string | null = null;

  private constructor(
    readonly login: string,
    readonly publicUrl: string,
  ) {}

  /** Signs in as a person of the development identity provider. Throws when that fails. */
  static async signIn(publicUrl: string, login: string, password: string): Promise<Actor> {
    const actor = new Actor(login, publicUrl);
    const inside = await actor.#browser.signIn(`${publicUrl}/sign-in?to=/requests`, login, password);
    if (inside.status !== 200 || inside.url.pathname !== '/requests')
      throw new Error(`${login} could not sign in: ${inside.status} at ${inside.url.pathname}`);
    actor.#csrf = /name="_csrf" value="([^"]*)"/.exec(inside.body)?.[1] ?? null;
    return actor;
  }

  /** Somebody who never signed in. */
  static anonymous(publicUrl: string): Actor {
    return new Actor('', publicUrl);
  }

  page(path: string): Promise<Page> {
    return this.#browser.get(`${this.publicUrl}${path}`);
  }

  async get<T = Record<string, unknown>>(path: string): Promise<Reply<T>> {
    return this.#read<T>(
      await this.#browser.request(`${this.publicUrl}${path}`, { headers: { accept: 'application/json' } }),
    );
  }

  /** A file as it comes. Throws unless the answer is 200. */
  async download(path: string): Promise<Buffer> {
    const response = await this.#browser.request(`${this.publicUrl}${path}`, {});
    if (response.status !== 200) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return Buffer.from(await response.arrayBuffer());
  }

  async post<T = Record<string, unknown>>(
    path: string,
    body: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply<T>> {
    return this.#read<T>(
      await this.#browser.request(`${this.publicUrl}${path}`, {
        method: 'POST',
        headers: { accept: 'application/json', 'content-type': 'application/json', ...this.#token(), ...headers },
        body: JSON.stringify(body),
      }),
    );
  }

  /** Sends a file with its fields before it, as a browser's form does. */
  async upload<T = Record<string, unknown>>(
    path: string,
    file: { name: string; type: string; content: string | Uint8Array<ArrayBuffer> },
    fields: Record<string, string> = {},
  ): Promise<Reply<T>> {
    const form = new FormData();
    for (const [name, value] of Object.entries({ ...(this.#csrf ? { _csrf: this.#csrf } : {}), ...fields }))
      form.set(name, value);
    form.set('file', new Blob([file.content], { type: file.type }), file.name);
    return this.#read<T>(
      await this.#browser.request(`${this.publicUrl}${path}`, {
        method: 'POST',
        headers: { accept: 'application/json', ...this.#token() },
        body: form,
      }),
    );
  }

  #token(): Record<string, string> {
    return this.#csrf ? { 'x-csrf-token': this.#csrf } : {};
  }

  async #read<T>(response: Response): Promise<Reply<T>> {
    const text = await response.text();
    const json = response.headers.get('content-type')?.includes('json');
    return { status: response.status, body: (json && text ? JSON.parse(text) : { text }) as T };
  }
}
