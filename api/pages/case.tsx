import type { VNode } from 'preact';
import type { DiagramPath } from '../../core/case-path.js';
import { isUncounted, standing } from '../../core/clock-truth.js';
import { legalBasisOf, type CaseFile, type OpenFile } from '../cases/views.js';
import { accessRequestParts } from './case-access.js';
import { Diagrams } from './case-diagram.js';
import { inspectionParts } from './case-inspection.js';
import { Letters } from './case-papers.js';
import { Badge, Facts, Section, Table, type CasePart, type OwnParts, type Part, type Staff } from './case-parts.js';
import { technicalRequestParts } from './case-technical.js';
import { Trail } from './case-trail.js';
import { ClockExplained } from './clock-explained.js';
import { Moment, Stamp, type PageContext } from './layout.js';

/** The page of a case file, the same frame for each process: what forms of Tasklist must not carry is read and written here. */
export function CasePage({
  context,
  file,
  can,
  staff,
  paths,
  before,
  refused,
}: {
  context: PageContext;
  file: OpenFile;
  can: ReadonlySet<string>;
  staff: Staff;
  paths: DiagramPath[];
  /** Entries of the trail are shown from the one before this number on; from the newest on where it is left out. */
  before?: number;
  refused?: Part['refused'];
}): VNode {
  const { text, organisation } = context;
  const { record } = file.opened;
  const part: Part = { context, file, can, refused };
  const { facts, notices, parts } = ownParts({ ...part, file }, staff);
  const all: CasePart[] = [
    { name: 'clocks', count: file.clocks.length, content: <Clocks {...part} /> },
    { name: 'diagram', count: null, content: <Diagrams context={context} paths={paths} /> },
    ...parts,
    { name: 'letters', count: file.letters.length, content: <Letters {...part} /> },
  ];
  const trail: CasePart = { name: 'trail', count: file.trail.length, content: <Trail part={part} before={before} /> };
  const other = parts.filter(({ name }) => name === 'other');
  const shown = [...all.filter(({ name }) => name !== 'other'), ...other, trail];
  return (
    <div class="case">
      <Contents text={text} parts={shown} />
      <div>
        <section aria-label={text.say('case.overview')} class="overview">
          <Facts
            rows={[
              [
                text.say('field.state'),
                <>
                  <Badge kind={record.state}>{text.say(`state.${record.state}`)}</Badge>{' '}
                  {record.outcome && <Badge>{text.say(`outcome.${record.outcome}`)}</Badge>}
                </>,
              ],
              ...facts,
              [text.say('field.receivedAt'), <Moment at={record.receivedAt} text={text} />],
              [text.say('field.closedAt'), record.closedAt && <Moment at={record.closedAt} text={text} />],
              [text.say('field.voidReason'), file.voidReason && <span class="text">{file.voidReason}</span>],
              [text.say('field.legalBasis'), legalBasisOf(record, organisation, text.language)],
              [text.say('field.purpose'), record.purpose],
            ]}
          />
          {notices}
          {record.state === 'open' && record.voidReason && <p class="notice">{text.say('case.being-voided')}</p>}
        </section>
        {shown.map(({ content }) => content)}
      </div>
    </div>
  );
}

function ownParts({ file, ...part }: Part<OpenFile>, staff: Staff): OwnParts {
  if ('inspection' in file) return inspectionParts({ ...part, file }, staff);
  return 'accessRequest' in file ? accessRequestParts({ ...part, file }) : technicalRequestParts({ ...part, file });
}

/** Where on the page each part is, and how much is in it. */
function Contents({ text, parts }: { text: PageContext['text']; parts: readonly CasePart[] }): VNode {
  return (
    <nav class="contents" aria-label={text.say('case.contents')}>
      <ul>
        {parts.flatMap(({ name, count, listed = true }) =>
          listed
            ? [
                <li>
                  <a href={`#${name}`}>{text.say(`case.${name}`)}</a>
                  {count !== null && <small> {text.number(count)}</small>}
                </li>,
              ]
            : [],
        )}
      </ul>
    </nav>
  );
}

function Clocks({ context: { text }, file }: Part): VNode {
  const heads = ['rule', 'startedAt', 'targetAt', 'dueAt', 'stoppedAt', 'kept'].map((name) =>
    text.say(`clock.${name}`),
  );
  return (
    <Section part="clocks" text={text}>
      <Table
        label={text.say('case.clocks')}
        heads={heads}
        rows={file.clocks.map((clock) => [
          <>
            {clock.rule} <small>{text.say(`rule.${clock.rule}`)}</small>
          </>,
          <Stamp at={clock.startedAt} text={text} />,
          clock.targetAt ? (
            <Stamp at={clock.targetAt} text={text} />
          ) : (
            text.say(isUncounted(clock) ? 'clock.uncounted' : 'clock.silent')
          ),
          <Stamp at={clock.dueAt} text={text} />,
          <Stamp at={clock.stoppedAt} text={text} />,
          <ClockResult text={text} clock={clock} />,
        ])}
      />
      {file.clocks.map((clock) => (
        <ClockExplained clock={clock} text={text} />
      ))}
    </Section>
  );
}

function ClockResult({ text, clock }: { text: PageContext['text']; clock: CaseFile['clocks'][number] }): VNode {
  const { kept, state, cancelledAs, reports } = clock;
  if (state === 'cancelled') return <Badge>{text.say(`clock.was-${cancelledAs ?? 'cancelled'}`)}</Badge>;
  if (kept !== null)
    return <Badge kind={kept ? 'kept' : 'broken'}>{text.say(kept ? 'clock.was-kept' : 'clock.was-broken')}</Badge>;
  const last = standing(reports).at(-1);
  if (!last) return <Badge kind="open">{text.say('clock.running')}</Badge>;
  return <Badge kind={last.kind === 'broken' ? 'broken' : 'late'}>{text.say(`clock.report.${last.kind}`)}</Badge>;
}
