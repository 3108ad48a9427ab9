import type { VNode } from 'preact';
import { isUncounted } from '../../core/clock-truth.js';
import type { DiagramPath } from '../../core/inspection/case-path.js';
import type { CaseFile } from '../cases/views.js';
import { Diagrams } from './case-diagram.js';
import { Documents, Letters } from './case-papers.js';
import { Badge, Command, Facts, Section, Table, unitNameOf, type Part, type Staff } from './case-parts.js';
import { Conclusion, Employees, Other, offersOther, Signs } from './case-people.js';
import { Trail } from './case-trail.js';
import { ClockExplained } from './clock-explained.js';
import { Area, Field } from './fields.js';
import { Moment, Stamp, type PageContext } from './layout.js';

/** The case file of an inspection: what forms of Tasklist must not carry is read and written here. */
export function CasePage({
  context,
  file,
  can,
  staff,
  paths,
  before,
}: {
  context: PageContext;
  file: CaseFile;
  can: ReadonlySet<string>;
  staff: Staff;
  paths: DiagramPath[];
  /** Entries of the trail are shown from the one before this number on; from the newest on where it is left out. */
  before?: number;
}): VNode {
  const { text, organisation } = context;
  const { record } = file.opened;
  const { inspection } = file;
  const part: Part = { context, file, can };
  return (
    <div class="case">
      <Contents {...part} />
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
              [text.say('field.unit'), unitNameOf(context, file)],
              [text.say('field.triggerKind'), text.say(`trigger.${inspection.trigger.kind}`)],
              [text.say('field.receivedAt'), <Moment at={record.receivedAt} text={text} />],
              [text.say('field.closedAt'), record.closedAt && <Moment at={record.closedAt} text={text} />],
              [text.say('field.voidReason'), file.voidReason && <span class="text">{file.voidReason}</span>],
              [text.say('field.legalBasis'), organisation.acts['inspection']?.citation[text.language]],
            ]}
          />
          {inspection.withdrawnAt && <p class="notice">{text.say('case.withdrawn')}</p>}
          {record.state === 'open' && record.voidReason && <p class="notice">{text.say('case.being-voided')}</p>}
        </section>
        <Clocks {...part} />
        <Diagrams context={context} paths={paths} />
        <Trigger {...part} />
        <Employees part={part} staff={staff} />
        <Documents part={part} staff={staff} />
        <Signs {...part} />
        <Conclusion {...part} />
        <Letters {...part} />
        <Other {...part} />
        <Trail part={part} before={before} />
      </div>
    </div>
  );
}

/** Where on the page each part is, and how much is in it. */
function Contents(part: Part): VNode {
  const { text } = part.context;
  const { clocks, inspection, documents, letters, trail } = part.file;
  const { lines, signs, conclusions, measures } = inspection;
  const concluded = conclusions.length + measures.length;
  const parts: [name: string, count: number | null][] = [
    ['clocks', clocks.length],
    ['diagram', null],
    ['trigger', null],
    ['employees', lines.length],
    ['documents', documents.length],
    ['signs', signs.length],
    ...(concluded > 0 ? [['conclusion', null] as [string, null]] : []),
    ['letters', letters.length],
    ...(offersOther(part) ? [['other', null] as [string, null]] : []),
    ['trail', trail.length],
  ];
  return (
    <nav class="contents" aria-label={text.say('case.contents')}>
      <ul>
        {parts.map(([name, count]) => (
          <li>
            <a href={`#${name}`}>{text.say(`case.${name}`)}</a>
            {count !== null && <small> {text.number(count)}</small>}
          </li>
        ))}
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
  const { kept, state, reports } = clock;
  if (state === 'cancelled') return <Badge>{text.say('clock.was-cancelled')}</Badge>;
  if (kept !== null)
    return <Badge kind={kept ? 'kept' : 'broken'}>{text.say(kept ? 'clock.was-kept' : 'clock.was-broken')}</Badge>;
  const last = reports.at(-1);
  if (!last) return <Badge kind="open">{text.say('clock.running')}</Badge>;
  return <Badge kind={last.kind === 'broken' ? 'broken' : 'late'}>{text.say(`clock.report.${last.kind}`)}</Badge>;
}

function Trigger(part: Part): VNode {
  const { context, file } = part;
  const { text } = context;
  const { trigger, screening, screeningReason, extractScope, noExtractReason, conclusions } = file.inspection;
  const { senderName, senderIin, senderBin, senderEmail, senderPhone } = trigger;
  const facts = [trigger.facts].flat().filter((fact) => fact !== null);
  const undecided = conclusions.length === 0 && screening?.result !== 'outOfScope';
  return (
    <Section part="trigger" text={text}>
      <Facts
        rows={[
          [
            text.say('case.sender'),
            [senderName, senderIin, senderBin, senderEmail, senderPhone].filter(Boolean).join(', ') || '—',
          ],
          [
            text.say('case.facts'),
            <ol>
              {facts.map((fact) => (
                <li class="text">{fact}</li>
              ))}
            </ol>,
          ],
          [text.say('case.named'), trigger.namedEmployees.join('; ')],
          [text.say('field.thirdParties'), trigger.thirdParties.join('; ')],
          [text.say('case.screening'), screening && text.say(`screening.${screening.result}`)],
          [text.say('case.screening-reason'), screeningReason && <span class="text">{screeningReason}</span>],
          [
            text.say('case.extract-scope'),
            extractScope &&
              text.say('case.extract-scope-of', {
                from: text.date(extractScope.periodFrom),
                to: text.date(extractScope.periodTo),
                count: extractScope.facts.length,
              }),
          ],
          [text.say('case.no-extract-reason'), noExtractReason && <span class="text">{noExtractReason}</span>],
        ]}
      />
      <Command
        part={part}
        action="screening.write"
        name="screening-reason"
        title={text.say('command.screening-reason')}
        when={screening === null}
      >
        <Area label={text.say('field.reason')} name="text" value={screeningReason ?? ''} />
      </Command>
      <Command
        part={part}
        action="screening.write"
        name="extract-scope"
        title={text.say('command.extract-scope')}
        when={undecided}
      >
        <Area
          label={text.say('field.facts')}
          name="facts"
          hint={text.say('hint.extract-facts')}
          value={(extractScope?.facts ?? facts).map((fact) => fact.replaceAll(/\s*\n\s*/g, ' ')).join('\n')}
        />
        <div class="row">
          <Field
            label={text.say('field.periodFrom')}
            name="periodFrom"
            type="date"
            required
            value={extractScope?.periodFrom}
          />
          <Field
            label={text.say('field.periodTo')}
            name="periodTo"
            type="date"
            required
            value={extractScope?.periodTo}
          />
        </div>
      </Command>
      <Command
        part={part}
        action="screening.write"
        name="no-extract-reason"
        title={text.say('command.no-extract-reason')}
        when={undecided}
      >
        <Area label={text.say('field.reason')} name="text" value={noExtractReason ?? ''} />
      </Command>
    </Section>
  );
}
