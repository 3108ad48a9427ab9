import type { FastifyInstance, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import type { VNode } from 'preact';
import { InputProblem } from '../../core/errors.js';
import { helpKinds, inLanguage, readHelp, type HelpPage } from '../../core/help.js';
import type { Block, Inline } from '../../core/letter-fill.js';
import type { Services } from '../../core/services.js';
import { contextOf, page, type PageContext } from './layout.js';

/** Instructions, questions with answers and news, written as Markdown in `config/help/` (`/help`). Nobody has to sign in. */
export const helpPages = fp<{ services: Services }>(async (app: FastifyInstance, { services }) => {
  const { settings, organisation, log } = services;
  const { tasklistUrl, operateUrl, publicUrl } = settings.web;
  const places = { links: { tasklist: tasklistUrl, operate: operateUrl }, publicUrl };
  const pagesFor = async (request: FastifyRequest) =>
    inLanguage(await readHelp(log), request.text.language, ['ru', ...organisation.languages]);
  const hide = { schema: { hide: true } } as const;

  app.get('/help', hide, async (request, reply) => {
    const pages = await pagesFor(request);
    const context = contextOf(request, organisation, places);
    return reply
      .type('text/html; charset=utf-8')
      .send(page(context, request.text.say('page.help'), <Contents context={context} pages={pages} />));
  });
  app.get<{ Params: { kind: string; name: string } }>('/help/:kind/:name', hide, async (request, reply) => {
    const { kind, name } = request.params;
    const found = (await pagesFor(request)).find((each) => each.kind === kind && each.name === name);
    if (!found) throw new InputProblem(404, 'not-found');
    const context = contextOf(request, organisation, places);
    return reply.type('text/html; charset=utf-8').send(page(context, found.title, <Help {...{ context, found }} />));
  });
});

/** Only where it differs from the page's language. */
const spoken = ({ language }: HelpPage, { text }: PageContext) => (language === text.language ? undefined : language);

function Contents({ context, pages }: { context: PageContext; pages: HelpPage[] }): VNode {
  const { text } = context;
  return (
    <>
      {helpKinds.map((kind) => {
        const listed = pages.filter((each) => each.kind === kind);
        return (
          <section>
            <h2>{text.say(`help.${kind}`)}</h2>
            {listed.length === 0 ? (
              <p class="empty card">{text.say('help.none')}</p>
            ) : (
              <ul>
                {listed.map((each) => (
                  <li>
                    <a href={`/help/${kind}/${each.name}`} lang={spoken(each, context)}>
                      {each.title}
                    </a>{' '}
                    <time dateTime={each.publishedOn} class="hint">
                      {text.date(each.publishedOn)}
                    </time>
                  </li>
                ))}
              </ul>
            )}
          </section>
        );
      })}
    </>
  );
}

function Help({ context, found }: { context: PageContext; found: HelpPage }): VNode {
  const { text } = context;
  return (
    <>
      <article lang={spoken(found, context)} class="card">
        <Blocks blocks={found.blocks} />
      </article>
      {found.video && (
        <p>
          <a href={found.video}>{text.say('help.video')}</a>
        </p>
      )}
      <p class="hint">
        {text.say('help.published')} <time dateTime={found.publishedOn}>{text.date(found.publishedOn)}</time>
      </p>
      <p>
        <a href="/help">{text.say('help.all')}</a>
      </p>
    </>
  );
}

function Blocks({ blocks }: { blocks: Block[] }): VNode {
  return (
    <>
      {blocks.map((block) => {
        switch (block.kind) {
          case 'heading':
            return (
              <h2>
                <Inlines inlines={block.inlines} />
              </h2>
            );
          case 'paragraph':
            return (
              <p>
                <Inlines inlines={block.inlines} />
              </p>
            );
          case 'list': {
            const List = block.ordered ? 'ol' : 'ul';
            return (
              <List>
                {block.items.map((item) => (
                  <li>
                    <Blocks blocks={item} />
                  </li>
                ))}
              </List>
            );
          }
          case 'table':
            return (
              <div class="scroll">
                <table>
                  <thead>
                    <tr>
                      {block.header.map((cell) => (
                        <th scope="col">
                          <Inlines inlines={cell} />
                        </th>
                      ))}
                    </tr>
                  </thead>
                  <tbody>
                    {block.rows.map((row) => (
                      <tr>
                        {row.map((cell) => (
                          <td>
                            <Inlines inlines={cell} />
                          </td>
                        ))}
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            );
          case 'rule':
            return <hr />;
        }
      })}
    </>
  );
}

function Inlines({ inlines }: { inlines: Inline[] }): VNode {
  return (
    <>
      {inlines.map((inline) => {
        if (inline.kind === 'break') return <br />;
        const { text, bold, italic, code, href } = inline;
        const worded = code ? <code>{text}</code> : bold ? <strong>{text}</strong> : italic ? <em>{text}</em> : text;
        // A letter's links are checked when it is filled; here a file could name a script.
        return href && /^(https?:|mailto:|tel:|\/)/.test(href) ? <a href={href}>{worded}</a> : worded;
      })}
    </>
  );
}
