import type { VNode } from 'preact';
import type { Text } from '../../core/text.js';
import type { TrailEntry } from '../../core/trail.js';
import { Section, Table, type Part } from './case-parts.js';
import { Stamp } from './layout.js';

/** So many entries of the trail are shown at a time; the API has them all. */
const shownEntries = 50;

/** Who did what when, newest first, folded until somebody wants it. `before` is the number of an entry that is shown already. */
export function Trail({ part, before }: { part: Part; before?: number }): VNode {
  const { context, file, can } = part;
  const { text } = context;
  const { number } = file.opened.record;
  const count = file.trail.length;
  const known = before === undefined ? file.trail : file.trail.filter(({ seq }) => seq < before);
  const shown = known.slice(-shownEntries).reverse();
  const [first, last] = [shown.at(-1), shown[0]];
  const heads = ['seq', 'at', 'by', 'type', 'data', 'hash'].map((name) => text.say(`trail.${name}`));
  return (
    <Section part="trail" text={text}>
      <details class="fold" open={before !== undefined}>
        <summary>{text.say('case.entries', { count })}</summary>
        <Table
          label={text.say('case.trail')}
          heads={heads}
          rows={shown.map((entry) => [
            String(entry.seq),
            <Stamp at={entry.at} text={text} />,
            <Who text={text} entry={entry} />,
            <>
              {text.has(`act.${entry.type}`) && text.say(`act.${entry.type}`)} <code>{entry.type}</code>
            </>,
            <Told data={entry.data} />,
            <code class="hash" title={entry.hash}>
              {entry.hash.slice(0, 12)}
            </code>,
          ])}
        />
        <p class="pager">
          {first && last && (
            <span>{text.say('case.entries-shown', { from: String(first.seq), to: String(last.seq), count })}</span>
          )}
          {first && first.seq > 1 && (
            <a href={`/cases/${number}?before=${first.seq}#trail`}>{text.say('page.older')}</a>
          )}
          {before !== undefined && <a href={`/cases/${number}#trail`}>{text.say('case.newest-entries')}</a>}
          <a href={`/api/cases/${number}`}>{text.say('case.whole-file')}</a>
        </p>
      </details>
      {can.has('case.export') && (
        <div class="export">
          <a class="button" href={`/cases/${number}/export`}>
            {text.say('case.export')}
          </a>
          <a class="button" href={`/cases/${number}/print`}>
            {text.say('case.print')}
          </a>
          <a class="button" href={`/cases/${number}/print/whole`}>
            {text.say('case.print-whole')}
          </a>
          <p>
            {text.say('case.export-check')} <code>{`npm run verify-trail -- ${number}.zip`}</code>
          </p>
        </div>
      )}
    </Section>
  );
}

/** People by what they sign in as, and for whom they stood in; steps of the process by their name. */
function Who({ text, entry: { by, data } }: { text: Text; entry: TrailEntry }): VNode {
  return by.kind === 'worker' || by.kind === 'system' ? (
    <>
      {text.say('trail.by-system')} <code>{by.id}</code>
    </>
  ) : (
    <>
      {by.id}
      {typeof data['onBehalfOf'] === 'string' && ` ${text.say('trail.on-behalf-of')} ${data['onBehalfOf']}`}
    </>
  );
}

function Told({ data }: { data: TrailEntry['data'] }): VNode {
  const told = Object.entries(data).filter(([name, value]) => name !== 'onBehalfOf' && value !== '' && value !== null);
  return (
    <>
      {told.map(([name, value]) => (
        <span class="told">
          <code>{name}</code> {shortened([value].flat().join(', '))}
        </span>
      ))}
    </>
  );
}

/** Hashes and lists by their beginning: the API has them whole. */
function shortened(value: string): string {
  return value.length > 40 ? `${value.slice(0, 12)}…` : value;
}
