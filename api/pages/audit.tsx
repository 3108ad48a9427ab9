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
          <Chart context={context} name={name} title={title} counts={counts} />
          <Table
            label={title}
            heads={heads}
            rows={counts.map(({ key, kept, broken }) => [
              named(context, name, key),
              text.number(kept),
              text.number(broken),
            ])}
          />
        </>
      )}
    </section>
  );
}

/** What a bar stands for: codes of units and processes with their names. */
function named({ text, organisation }: PageContext, name: Dimension, key: string): string {
  if (name === 'process') return text.say(`process.${key}`);
  if (name !== 'unit') return key;
  const { branches, centralOffice } = organisation;
  return `${(branches.find(({ code }) => code === key) ?? centralOffice).name[text.language]} (${key})`;
}

/** Each bar stands under its name: names of processes and units are long. */
const row = { height: 48, name: 16, bar: 20, width: 330 } as const;

/**
 * Bars, kept and broken one after the other, each with its count: the broken ones are hatched as well as of another colour. The figures
 * stand in the table beneath.
 */
function Chart({
  context,
  name,
  title,
  counts,
}: {
  context: PageContext;
  name: Dimension;
  title: string;
  counts: ClockCount[];
}): VNode {
  const { text } = context;
  const most = Math.max(...counts.map(({ kept, broken }) => kept + broken));
  const sum = (of: 'kept' | 'broken'): number => counts.reduce((total, count) => total + count[of], 0);
  const told = text.say('audit.chart-told', { kept: text.number(sum('kept')), broken: text.number(sum('broken')) });
  return (
    <svg
      class="chart"
      role="img"
      aria-labelledby={`chart-${name} chart-${name}-told`}
      viewBox={`0 0 400 ${counts.length * row.height}`}
    >
      <title id={`chart-${name}`}>{title}</title>
      <desc id={`chart-${name}-told`}>{told}</desc>
      <defs>
        <pattern
          id={`hatched-${name}`}
          width="6"
          height="6"
          patternUnits="userSpaceOnUse"
          patternTransform="rotate(45)"
        >
          <rect class="ground" width="6" height="6" />
          <line class="hatch" x1="0" y1="0" x2="0" y2="6" />
        </pattern>
      </defs>
      {counts.map(({ key, kept, broken }, index) => {
        const top = index * row.height + row.name + 6;
        const width = (count: number): number => Math.round((count / most) * row.width);
        const end = width(kept) + width(broken);
        return (
          <g>
            <text x="0" y={top - 6}>
              {named(context, name, key)}
            </text>
            <rect class="kept" x="0" y={top} width={width(kept)} height={row.bar} />
            <rect
              class="broken"
              fill={`url(#hatched-${name})`}
              x={width(kept)}
              y={top}
              width={width(broken)}
              height={row.bar}
            />
            <text x={end + 8} y={top + 15}>{`${text.number(kept)} / ${text.number(broken)}`}</text>
          </g>
        );
      })}
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
          [
            text.say('audit.sealer'),
            trail.sealerAt ? (
              <>
                <Moment at={trail.sealerAt} text={text} />{' '}
                {trail.sealerSilent && <Badge kind="late">{text.say('audit.sealer-silent')}</Badge>}
              </>
            ) : (
              <Badge kind="late">{text.say('audit.no-sealer')}</Badge>
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
        <a class="button" href="/audit/access-log">
          {text.say('page.access-log')}
        </a>
      </p>
    </section>
  );
}
