import type { FastifyRequest } from 'fastify';
import { render } from 'preact-render-to-string';
import type { Problem } from '../plugins/problems.js';

/** A refusal as a page: what is wrong with which field, and the way back. Needs nothing but the request, so that it works when all else fails. */
export function problemPage(request: FastifyRequest, problem: Problem): string {
  const { text } = request;
  return `<!doctype html>${render(
    <html lang={text.language}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{`${problem.title} · Merzim`}</title>
        <link rel="stylesheet" href="/assets/merzim.css" />
      </head>
      <body>
        <main id="main">
          <h1>{problem.title}</h1>
          {problem.errors && (
            <ul class="faults" role="alert">
              {problem.errors.map((error) => (
                <li>
                  <code>{error.field}</code>: {error.detail}
                </li>
              ))}
            </ul>
          )}
          <p>
            {problem.status === 401 ? (
              <a href={`/sign-in?to=${encodeURIComponent(problem.instance)}`}>{text.say('page.sign-in')}</a>
            ) : (
              <a href="/">{text.say('page.home')}</a>
            )}
          </p>
        </main>
      </body>
    </html>,
  )}`;
}
