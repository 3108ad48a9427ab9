import type { VNode } from 'preact';
import { Documents } from './case-papers.js';
import { Command, Facts, Section, unitNameOf, type InspectionPart, type OwnParts, type Staff } from './case-parts.js';
import { Conclusion, Employees, Other, offersOther, Signs } from './case-people.js';
import { Area, Field } from './fields.js';

/** What the page of a case file shows of an inspection. */
export function inspectionParts(part: InspectionPart, staff: Staff): OwnParts {
  const { context, file } = part;
  const { text } = context;
  const { inspection, documents } = file;
  const { lines, signs, conclusions, measures } = inspection;
  return {
    facts: [
      [text.say('field.unit'), unitNameOf(context, file)],
      [text.say('field.triggerKind'), text.say(`trigger.${inspection.trigger.kind}`)],
    ],
    notices: inspection.withdrawnAt && <p class="notice">{text.say('case.withdrawn')}</p>,
    parts: [
      { name: 'trigger', count: null, content: <Trigger {...part} /> },
      { name: 'employees', count: lines.length, content: <Employees part={part} staff={staff} /> },
      { name: 'documents', count: documents.length, content: <Documents part={part} staff={staff} /> },
      { name: 'signs', count: signs.length, content: <Signs {...part} /> },
      {
        name: 'conclusion',
        count: null,
        listed: conclusions.length + measures.length > 0,
        content: <Conclusion {...part} />,
      },
      { name: 'other', count: null, listed: offersOther(part), content: <Other {...part} /> },
    ],
  };
}

function Trigger(part: InspectionPart): VNode {
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
