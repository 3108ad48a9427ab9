import type { FastifyRequest } from 'fastify';
import { render } from 'preact-render-to-string';
import type { Problem } from '../plugins/problems.js';
import { labelOf } from './labels.js';
import { Brand, Head } from './layout.js';

/** A refusal as a page: what is wrong with which field, and the way back. Needs nothing but the request, so that it works when all else fails. */
export function problemPage(request: FastifyRequest, problem: Problem): string {
  const { text } = request;
  const back = backOf(request, problem);
  return `<!doctype html>${render(
    <html lang={text.language}>
      <Head title={problem.title} />
      <body>
        <header>
          <div class="bar">
            <Brand />
          </div>
        </header>
        <main id="main">
          <h1>{problem.title}</h1>
          {problem.errors && (
            <div class="faults" role="alert">
              <ul>
                {problem.errors.map((error) => (
                  <li>
                    <strong>{labelOf(text, error.field)}</strong>: {error.detail}
                  </li>
                ))}
              </ul>
            </div>
          )}
          <p>
            {problem.status === 401 ? (
              <a class="button" href={`/sign-in?to=${encodeURIComponent(back ?? problem.instance)}`}>
                {text.say('page.sign-in')}
              </a>
            ) : (
              <a class="button" href={back ?? '/'}>
                {text.say(back ? 'page.back' : 'page.home')}
              </a>
            )}
          </p>
        </main>
      </body>
    </html>,
  )}`;
}

/** The page that the refused form or export was on; null where the refusal is of a page itself. */
function backOf(request: FastifyRequest, { instance, type, status }: Problem): string | null {
  if (status === 503 && instance.endsWith('/export')) return instance.slice(0, -'/export'.length);
  if (request.method !== 'POST' || type.endsWith(':link-used') || instance === '/sign-out') return null;
  if (instance.startsWith('/requests/')) return '/requests';
  return /^\/cases\/[A-Z0-9-]+(?=\/)/.exec(instance)?.[0] ?? instance;
}
