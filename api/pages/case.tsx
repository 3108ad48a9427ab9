import type { VNode } from 'preact';
import { isUncounted } from '../../core/clock-truth.js';
import type { CaseFile } from '../cases/views.js';
import { Documents, Letters, Trail } from './case-papers.js';
import { Command, Facts, Section, Table, unitNameOf, type Part, type Staff } from './case-parts.js';
import { Conclusion, Employees, Other, Signs } from './case-people.js';
import { Area, Field } from './fields.js';
import { Moment, type PageContext } from './layout.js';

/** The case file of an inspection: what forms of Tasklist must not carry is read and written here. */
export function CasePage({
  context,
  file,
  can,
  staff,
}: {
  context: PageContext;
  file: CaseFile;
  can: ReadonlySet<string>;
  staff: Staff;
}): VNode {
  const { text, organisation } = context;
  const { record } = file.opened;
  const { inspection } = file;
  const part: Part = { context, file, can };
  return (
    <>
      <Facts
        rows={[
          [
            text.say('field.state'),
            <>
              <span class={`badge ${record.state}`}>{text.say(`state.${record.state}`)}</span>{' '}
              {record.outcome && text.say(`outcome.${record.outcome}`)}
            </>,
          ],
          [text.say('field.unit'), unitNameOf(context, file)],
          [text.say('field.triggerKind'), text.say(`trigger.${inspection.trigger.kind}`)],
          [text.say('field.receivedAt'), <Moment at={record.receivedAt} text={text} />],
          [text.say('field.closedAt'), record.closedAt && <Moment at={record.closedAt} text={text} />],
          [text.say('field.legalBasis'), organisation.acts['inspection']?.citation[text.language]],
        ]}
      />
      {inspection.withdrawnAt && <p class="notice">{text.say('case.withdrawn')}</p>}
      {record.state === 'open' && record.voidReason && <p class="notice">{text.say('case.being-voided')}</p>}
      <Clocks {...part} />
      <Trigger {...part} />
      <Employees part={part} staff={staff} />
      <Documents part={part} staff={staff} />
      <Signs {...part} />
      <Conclusion {...part} />
      <Letters {...part} />
      <Other {...part} />
      <Trail {...part} />
    </>
  );
}

function Clocks({ context: { text }, file }: Part): VNode {
  const heads = ['rule', 'startedAt', 'targetAt', 'dueAt', 'stoppedAt', 'kept'].map((name) =>
    text.say(`clock.${name}`),
  );
  return (
    <Section title={text.say('case.clocks')}>
      <Table label={text.say('case.clocks')} heads={heads}>
        {file.clocks.map((clock) => (
          <tr>
            <th scope="row">
              {clock.rule} <small>{text.say(`rule.${clock.rule}`)}</small>
            </th>
            <td>
              <Moment at={clock.startedAt} text={text} />
            </td>
            <td>
              {clock.targetAt ? (
                <Moment at={clock.targetAt} text={text} />
              ) : (
                text.say(isUncounted(clock) ? 'clock.uncounted' : 'clock.silent')
              )}
            </td>
            <td>
              <Moment at={clock.dueAt} text={text} />
            </td>
            <td>
              <Moment at={clock.stoppedAt} text={text} />
            </td>
            <td>
              <ClockResult text={text} clock={clock} />
            </td>
          </tr>
        ))}
      </Table>
    </Section>
  );
}

function ClockResult({ text, clock }: { text: PageContext['text']; clock: CaseFile['clocks'][number] }): VNode | null {
  const { kept, state, reports } = clock;
  if (state === 'cancelled') return <span class="badge">{text.say('clock.was-cancelled')}</span>;
  if (kept !== null)
    return (
      <span class={`badge ${kept ? 'kept' : 'broken'}`}>{text.say(kept ? 'clock.was-kept' : 'clock.was-broken')}</span>
    );
  const last = reports.at(-1);
  if (!last) return null;
  return (
    <span class={`badge ${last.kind === 'broken' ? 'broken' : 'late'}`}>{text.say(`clock.report.${last.kind}`)}</span>
  );
}

function Trigger(part: Part): VNode {
  const { context, file } = part;
  const { text } = context;
  const { trigger, screening, screeningReason, extractScope, noExtractReason, conclusions } = file.inspection;
  const { senderName, senderIin, senderBin, senderEmail, senderPhone } = trigger;
  const facts = [trigger.facts].flat().filter((fact) => fact !== null);
  const undecided = conclusions.length === 0 && screening?.result !== 'outOfScope';
  return (
    <Section title={text.say('case.trigger')}>
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
