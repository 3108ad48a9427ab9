import type { FastifyRequest } from 'fastify';
import type { ComponentChildren, VNode } from 'preact';
import { render } from 'preact-render-to-string';
import type { Organisation } from '../../config/index.js';
import type { Text } from '../../core/text.js';
import type {} from '../plugins/sign-in.js';

/** What every page needs to know of its request. */
export interface PageContext {
  text: Text;
  organisation: Organisation;
  person: { login: string; name?: string; roles: string[] } | null;
  csrf: string;
  path: string;
  links: { tasklist: string; operate: string };
}

const languages = { kk: 'Қазақша', ru: 'Русский', en: 'English' } as const;

/** A whole page as HTML. `title` is shown and set as the document's title. */
export function page(context: PageContext, title: string, content: ComponentChildren): string {
  return `<!doctype html>${render(<Page context={context} title={title} content={content} />)}`;
}

function Page({ context, title, content }: { context: PageContext; title: string; content: ComponentChildren }): VNode {
  const { text, organisation, person, path } = context;
  const language = text.language as 'kk' | 'ru' | 'en';
  return (
    <html lang={language}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{`${title} · Merzim`}</title>
        <link rel="stylesheet" href="/assets/merzim.css" />
      </head>
      <body>
        <a class="skip" href="#main">
          {text.say('page.skip')}
        </a>
        {organisation.fictional && <p class="fictional">{text.say('page.fictional')}</p>}
        <header>
          <div class="bar">
            <a class="brand" href="/">
              <strong>Merzim</strong>
              <span>{organisation.name[language]}</span>
            </a>
            <nav aria-label={text.say('page.languages')} class="languages">
              {Object.entries(languages).map(([code, name]) =>
                code === language ? (
                  <span aria-current="true" lang={code}>
                    {name}
                  </span>
                ) : (
                  <a href={`${path}?lang=${code}`} lang={code} hreflang={code}>
                    {name}
                  </a>
                ),
              )}
            </nav>
          </div>
          <nav aria-label={text.say('page.menu')} class="menu">
            <a href="/apply">{text.say('page.apply')}</a>
            <a href="/follow">{text.say('page.follow')}</a>
            {person ? (
              <>
                <a href="/cases">{text.say('page.cases')}</a>
                <a href="/requests">{text.say('page.requests')}</a>
                <a href={context.links.tasklist}>Tasklist</a>
                <a href={context.links.operate}>Operate</a>
                <form method="post" action="/sign-out" class="inline">
                  <Csrf context={context} />
                  <button type="submit" class="quiet">
                    {text.say('page.sign-out', { who: person.name ?? person.login })}
                  </button>
                </form>
              </>
            ) : (
              <a href={`/sign-in?to=${encodeURIComponent(path)}`}>{text.say('page.sign-in')}</a>
            )}
          </nav>
        </header>
        <main id="main">
          <h1>{title}</h1>
          {content}
        </main>
      </body>
    </html>
  );
}

/** The token that a form has to send back (CSRF). */
export function Csrf({ context }: { context: PageContext }): VNode {
  return <input type="hidden" name="_csrf" value={context.csrf} />;
}

/** A labelled field; `hint` says what would be right. */
export function Field({
  label,
  name,
  hint,
  children,
  ...input
}: { label: string; name: string; hint?: string; children?: ComponentChildren } & Record<string, unknown>): VNode {
  const hintId = hint ? `${name}-hint` : undefined;
  return (
    <label class="field">
      <span>{label}</span>
      {hint && <small id={hintId}>{hint}</small>}
      {children ?? <input name={name} aria-describedby={hintId} {...input} />}
    </label>
  );
}

export function Area({
  label,
  name,
  hint,
  required = true,
  rows = 4,
}: {
  label: string;
  name: string;
  hint?: string;
  required?: boolean;
  rows?: number;
}): VNode {
  return (
    <Field label={label} name={name} hint={hint}>
      <textarea name={name} rows={rows} required={required} maxLength={10_000} />
    </Field>
  );
}

export function Choice({
  label,
  name,
  options,
  required = true,
}: {
  label: string;
  name: string;
  options: readonly (readonly [value: string, label: string])[];
  required?: boolean;
}): VNode {
  return (
    <Field label={label} name={name}>
      <select name={name} required={required}>
        {options.length !== 1 && <option value="" />}
        {options.map(([value, shown]) => (
          <option value={value}>{shown}</option>
        ))}
      </select>
    </Field>
  );
}

/** A moment in words, with its exact value for machines. */
export function Moment({ at, text }: { at: Date | null | undefined; text: Text }): VNode {
  return at ? <time dateTime={at.toISOString()}>{text.moment(at)}</time> : <span>—</span>;
}

export function contextOf(
  request: FastifyRequest,
  organisation: Organisation,
  links: PageContext['links'],
): PageContext {
  return {
    text: request.text,
    organisation,
    person: request.person ?? null,
    csrf: request.person ? request.csrfToken() : '',
    path: request.url.split('?')[0] ?? '/',
    links,
  };
}
