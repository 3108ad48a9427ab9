import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import { inProject } from '../../config/index.js';
import type { Diagram } from '../../core/diagrams.js';
import { InputProblem } from '../../core/errors.js';

const require = createRequire(import.meta.url);
const ours = (name: string): string => inProject('api', 'pages', name);

/** Files of the pages, each under its own address: what isn't listed here is not served. */
const assets: Record<string, { type: string; file: string }> = {
  '/assets/merzim.css': { type: 'text/css', file: ours('merzim.css') },
  '/assets/diagram.js': { type: 'text/javascript', file: ours('diagram.js') },
  '/assets/bpmn-js/viewer.js': {
    type: 'text/javascript',
    file: require.resolve('bpmn-js/dist/bpmn-navigated-viewer.production.min.js'),
  },
  '/assets/bpmn-js/diagram.css': { type: 'text/css', file: require.resolve('bpmn-js/dist/assets/diagram-js.css') },
  '/assets/bpmn-js/viewer.css': { type: 'text/css', file: require.resolve('bpmn-js/dist/assets/bpmn-js.css') },
};

/** Style sheets, the script of the diagrams, and the diagrams as they are drawn, which tell nothing of a case. */
export const assetRoutes = fp<{ diagrams: ReadonlyMap<string, Diagram> }>(
  async (app: FastifyInstance, { diagrams }) => {
    const hide = { schema: { hide: true } } as const;
    const cached = ['cache-control', 'public, max-age=300'] as const;
    for (const [address, { type, file }] of Object.entries(assets)) {
      const content = readFileSync(file, 'utf8');
      app.get(address, hide, (_request, reply) =>
        reply
          .type(`${type}; charset=utf-8`)
          .header(...cached)
          .send(content),
      );
    }
    app.get('/assets/diagrams/:process', hide, (request, reply) => {
      const diagram = diagrams.get((request.params as { process: string }).process);
      if (!diagram) throw new InputProblem(404, 'not-found');
      return reply
        .type('application/xml; charset=utf-8')
        .header(...cached)
        .send(diagram.xml);
    });
  },
);
