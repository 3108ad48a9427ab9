import type { VNode } from 'preact';
import type { ChainCheck } from '../../core/trail.js';
import { dimensions, type AuditView, type ClockCount, type Dimension } from '../cases/audit.js';
import { Badge, Facts, Table } from './case-parts.js';
import { Field } from './fields.js';
import { Moment, type PageContext } from './layout.js';

/** A check of one case's chain, as it was asked for. */
export interface Checked {
  number: string;
  check: ChainCheck;
}

interface Shown {
  context: PageContext;
  view: AuditView;
  seed: string;
  checked: Checked | null;
}

/** The auditor's view: clocks kept and broken, a sample that can be drawn again, the state of the trail. */
export function Audit(shown: Shown): VNode {
  const { context, view } = shown;
  return (
    <>
      {dimensions.map((name) => (
        <Figures context={context} name={name} counts={view.figures[name]} />
      ))}
      <Sample {...shown} />
      <TrailState {...shown} />
    </>
  );
}

function Figures({ context, name, counts }: { context: PageContext; name: Dimension; counts: ClockCount[] }): VNode {
  const { text } = context;
  const title = text.say(`audit.by-${name}`);
  const heads = [text.say(`audit.${name}`), text.say('clock.was-kept'), text.say('clock.was-broken')];
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      {counts.length === 0 ? (
        <p class="empty">{text.say('audit.no-clocks')}</p>
      ) : (
        <>
          <Chart label={title} counts={counts} />
          <Table
            label={title}
            heads={heads}
            rows={counts.map(({ key, kept, broken }) => [key, text.number(kept), text.number(broken)])}
          />
        </>
      )}
    </section>
  );
}

/** Bars, kept and broken one after the other; the broken ones are hatched by their outline too. The figures stand in the table beneath. */
function Chart({ label, counts }: { label: string; counts: ClockCount[] }): VNode {
  const most = Math.max(...counts.map(({ kept, broken }) => kept + broken));
  const width = (count: number): number => Math.round((count / most) * 400);
  return (
    <svg class="chart" role="img" aria-label={label} viewBox={`0 0 540 ${counts.length * 28}`}>
      {counts.map(({ key, kept, broken }, index) => (
        <g>
          <text x="0" y={index * 28 + 18}>
            {key}
          </text>
          <rect class="kept" x="130" y={index * 28 + 4} width={width(kept)} height="20" />
          <rect class="broken" x={130 + width(kept)} y={index * 28 + 4} width={width(broken)} height="20" />
        </g>
      ))}
    </svg>
  );
}

function Sample({ context: { text }, view, seed }: Shown): VNode {
  return (
    <section aria-label={text.say('audit.sample')}>
      <h2>{text.say('audit.sample')}</h2>
      <p>
        {text.say('audit.sample-of', { count: view.cases })} <code>{seed}</code>
      </p>
      <ol>
        {view.sample.map((number) => (
          <li>
            <a href={`/cases/${number}`}>{number}</a>
          </li>
        ))}
      </ol>
      <form method="get" action="/audit" class="stack">
        <Field label={text.say('audit.seed')} name="seed" maxLength={64} hint={text.say('audit.seed-hint')} />
        <button type="submit">{text.say('audit.draw')}</button>
      </form>
    </section>
  );
}

function TrailState({ context: { text }, view: { trail }, checked }: Shown): VNode {
  return (
    <section aria-label={text.say('audit.trail')}>
      <h2>{text.say('audit.trail')}</h2>
      <Facts
        rows={[
          [text.say('audit.entries'), text.number(trail.entries)],
          [text.say('audit.sealed'), text.number(trail.sealed)],
          [
            text.say('audit.checkpoint'),
            trail.checkpoint ? (
              <Moment at={trail.checkpoint.at} text={text} />
            ) : (
              <Badge kind="late">{text.say('audit.no-checkpoint')}</Badge>
            ),
          ],
          [text.say('audit.root'), trail.root && <code class="hash">{trail.root}</code>],
        ]}
      />
      {checked && (
        <p class="notice" role="status">
          {checked.check.ok
            ? text.say('audit.chain-holds', { number: checked.number, count: checked.check.entries })
            : text.say('audit.chain-broken', { number: checked.number, seq: checked.check.seq })}
        </p>
      )}
      <form method="get" action="/audit" class="stack">
        <Field label={text.say('field.number')} name="chain" required pattern="[A-Z]{3}-[0-9]{4}-[0-9]{6}" />
        <button type="submit">{text.say('audit.check-chain')}</button>
      </form>
      <p class="pager">
        <a class="button" href="/api/access-log">
          {text.say('audit.access-log')}
        </a>
      </p>
    </section>
  );
}
