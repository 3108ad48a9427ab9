import { parseKeys } from '../../workers/engine-rest.js';
import { testStack } from './stack.js';

/**
 * The values of the newest hundred records of a kind, e.g. `incident`, that the engine of the tests has exported, newest first. `fields`: terms that
 * a record has to have, e.g. `value.processInstanceKey`.
 */
export async function exported(kind: string, fields: Record<string, string>): Promise<Record<string, unknown>[]> {
  const url = `${testStack().env['OPENSEARCH_URL']}/zeebe-record_${kind}_*/_search`;
  const filter = Object.entries(fields).map(([name, value]) => ({ term: { [name]: value } }));
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ size: 100, sort: [{ position: 'desc' }], query: { bool: { filter } } }),
  });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  const { hits } = parseKeys(await answer.text()) as {
    hits: { hits: { _source: { value: Record<string, unknown> } }[] };
  };
  return hits.hits.map(({ _source }) => _source.value);
}
