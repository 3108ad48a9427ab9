import type { FastifyRequest } from 'fastify';
import type { ComponentChildren, VNode } from 'preact';
import { render } from 'preact-render-to-string';
import type { Organisation } from '../../config/index.js';
import type { Person } from '../../core/people.js';
import type { Language, Text } from '../../core/text.js';
import { hasRoleFor, readsAccessLog, readsCases } from '../access.js';
import { spokenIn } from '../plugins/language.js';
import type {} from '../plugins/sign-in.js';

/** What every page needs to know of its request. */
export interface PageContext {
  text: Text;
  organisation: Organisation;
  person: Pick<Person, 'login' | 'name' | 'roles' | 'actsFor'> | null;
  csrf: string;
  path: string;
  /** Addresses of this page in the other languages; null where it answers a form and can't be asked for again. */
  inLanguage: ((code: string) => string) | null;
  links: { tasklist: string; operate: string };
  /** Where the pages are, without a slash at the end. */
  publicUrl: string;
}

/** What each language calls itself. */
const languages: Record<Language, string> = { kk: 'Қазақша', ky: 'Кыргызча', ru: 'Русский', en: 'English' };

/** A whole page as HTML. `title` is shown and set as the document's title. */
export function page(context: PageContext, title: string, content: ComponentChildren): string {
  return `<!doctype html>${render(<Page context={context} title={title} content={content} />)}`;
}

function Page({ context, title, content }: { context: PageContext; title: string; content: ComponentChildren }): VNode {
  const { text, organisation } = context;
  const { language } = text;
  return (
    <html lang={language}>
      <Head
        title={title}
        sheets={
          /^\/cases\/./.test(context.path) ? ['bpmn-js/diagram.css', 'bpmn-js/viewer.css', 'merzim.css'] : undefined
        }
      />
      <body>
        <a class="skip" href="#main">
          {text.say('page.skip')}
        </a>
        <header>
          {organisation.fictional && <p class="fictional">{text.say('page.fictional')}</p>}
          <div class="bar">
            <Brand organisation={organisation.name[language]} />
            {context.inLanguage && <Languages context={context} link={context.inLanguage} />}
          </div>
          <Menu context={context} />
        </header>
        <main id="main">
          <h1>{title}</h1>
          {content}
        </main>
      </body>
    </html>
  );
}

/** The head of every page, a problem's too. */
export function Head({ title, sheets = ['merzim.css'] }: { title: string; sheets?: readonly string[] }): VNode {
  return (
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>{`${title} · Merzim`}</title>
      {sheets.map((sheet) => (
        <link rel="stylesheet" href={`/assets/${sheet}`} />
      ))}
    </head>
  );
}

export function Brand({ organisation }: { organisation?: string }): VNode {
  return (
    <a class="brand" href="/">
      <strong>Merzim</strong>
      {organisation && <span>{organisation}</span>}
    </a>
  );
}

function Languages({ context, link }: { context: PageContext; link: (code: string) => string }): VNode {
  const { text, organisation } = context;
  return (
    <nav aria-label={text.say('page.languages')} class="languages">
      {spokenIn(organisation).map((code) =>
        code === text.language ? (
          <span aria-current="true" lang={code}>
            {languages[code]}
          </span>
        ) : (
          <a href={link(code)} lang={code} hreflang={code}>
            {languages[code]}
          </a>
        ),
      )}
    </nav>
  );
}

function Menu({ context }: { context: PageContext }): VNode {
  const { text, person, path, links } = context;
  return (
    <div class="menu">
      <nav aria-label={text.say('page.menu')}>
        {person && (
          <>
            {readsCases(person) && <MenuLink path={path} href="/tasks" label={text.say('page.tasks')} />}
            {readsCases(person) && <MenuLink path={path} href="/cases" label={text.say('page.cases')} />}
            {readsCases(person) && <MenuLink path={path} href="/deadlines" label={text.say('page.deadlines')} />}
            {readsAccessLog(person) && <MenuLink path={path} href="/audit" label={text.say('page.audit')} />}
            {hasRoleFor(person, 'access-journal.read') && (
              <MenuLink path={path} href="/access-journal" label={text.say('page.access-journal')} />
            )}
            {hasRoleFor(person, 'access-violation.read') && (
              <MenuLink path={path} href="/access-violations" label={text.say('page.violations')} />
            )}
            {hasRoleFor(person, 'upkeep-record.read') && (
              <MenuLink path={path} href="/upkeep-records" label={text.say('page.upkeep')} />
            )}
            {hasRoleFor(person, 'role-holder.read') && (
              <MenuLink path={path} href="/role-holders" label={text.say('page.role-holders')} />
            )}
            <MenuLink path={path} href="/requests" label={text.say('page.requests')} />
            <MenuLink path={path} href="/substitutions" label={text.say('page.substitutions')} />
            <a href={links.tasklist}>Tasklist</a>
            <a href={links.operate}>Operate</a>
          </>
        )}
        <MenuLink path={path} href="/apply" label={text.say('page.apply')} />
        <MenuLink path={path} href="/follow" label={text.say('page.follow')} />
        <MenuLink path={path} href="/help" label={text.say('page.help')} />
        {!person && <a href={`/sign-in?to=${encodeURIComponent(path)}`}>{text.say('page.sign-in')}</a>}
      </nav>
      {person && (
        <form method="post" action="/sign-out">
          <Csrf context={context} />
          <button type="submit" class="quiet">
            {text.say('page.sign-out', { who: person.name ?? person.login })}
          </button>{' '}
          <button type="submit" class="quiet" name="everywhere" value="yes">
            {text.say('page.sign-out-everywhere')}
          </button>
        </form>
      )}
    </div>
  );
}

function MenuLink({ path, href, label }: { path: string; href: string; label: string }): VNode {
  return (
    <a href={href} aria-current={path === href ? 'page' : path.startsWith(`${href}/`) ? 'true' : undefined}>
      {label}
    </a>
  );
}

/** The token that a form of somebody who is signed in has to send back (CSRF). */
export function Csrf({ context }: { context: PageContext }): VNode | null {
  return context.csrf ? <input type="hidden" name="_csrf" value={context.csrf} /> : null;
}

/** A moment in words, with its exact value for machines. */
export function Moment({ at, text }: { at: Date | null | undefined; text: Text }): VNode {
  return at ? <time dateTime={at.toISOString()}>{text.moment(at)}</time> : <span>—</span>;
}

/** The same as short as a table wants it. */
export function Stamp({ at, text }: { at: Date | null | undefined; text: Text }): VNode {
  return at ? <time dateTime={at.toISOString()}>{text.stamp(at)}</time> : <span>—</span>;
}

export function contextOf(
  request: FastifyRequest,
  organisation: Organisation,
  { links, publicUrl }: Pick<PageContext, 'links' | 'publicUrl'>,
): PageContext {
  const [path = '/', query = ''] = request.url.split('?');
  const inLanguage = (code: string): string => {
    const params = new URLSearchParams(query);
    params.set('lang', code);
    return `${path}?${params.toString()}`;
  };
  return {
    text: request.text,
    organisation,
    person: request.person ?? null,
    csrf: request.person ? request.csrfToken() : '',
    path,
    inLanguage: request.method === 'POST' ? null : inLanguage,
    links,
    publicUrl,
  };
}
