import type { VNode } from 'preact';
import { employeeWords } from '../../core/employee-words.js';
import { Badge, Command, nameOf, Section, type InspectionPart, type Staff } from './case-parts.js';
import { Area, Checks, Choice, Field } from './fields.js';
import { Moment } from './layout.js';

/** Parts of the case file page that are about employees: who is inspected, what was found, what follows from it. */

export function Employees({ part, staff }: { part: InspectionPart; staff: Staff }): VNode {
  const { text } = part.context;
  const { lines, conclusions } = part.file.inspection;
  const named = new Set(lines.map(({ employeeId }) => employeeId));
  return (
    <Section part="employees" text={text}>
      {lines.length === 0 && <p class="empty">{text.say('case.no-employees')}</p>}
      {lines.map((line) => (
        <Line part={part} line={line} />
      ))}
      <Command
        part={part}
        action="employee.add"
        name="employees"
        title={text.say('command.employees')}
        when={conclusions.length === 0}
      >
        <Choice
          label={text.say('field.employee')}
          name="employeeId"
          options={staff.filter(([employeeId]) => !named.has(employeeId))}
        />
        <RequestFactsFields text={text} facts={null} />
      </Command>
    </Section>
  );
}

/** The two wordings of the facts that notes have to explain: each addressee is told his own, and no more. */
function RequestFactsFields({
  text,
  facts,
}: {
  text: InspectionPart['context']['text'];
  facts: InspectionPart['file']['inspection']['lines'][number]['requestFacts'];
}): VNode {
  return (
    <>
      <Area
        label={text.say('field.requestFacts')}
        name="facts"
        required={false}
        hint={text.say('hint.request-facts')}
        value={facts?.employee.join('\n') ?? ''}
      />
      <Area
        label={text.say('field.headFacts')}
        name="headFacts"
        required={false}
        hint={text.say('hint.request-facts')}
        value={facts?.unitHead.join('\n') ?? ''}
      />
    </>
  );
}

function Line({
  part,
  line,
}: {
  part: InspectionPart;
  line: InspectionPart['file']['inspection']['lines'][number];
}): VNode {
  const { context, file } = part;
  const { text } = context;
  const { screening, conclusions } = file.inspection;
  const employee = file.employees.get(line.employeeId);
  const words = employee && employeeWords(employee, text.language);
  return (
    <article class="card">
      <h3>{nameOf(text, file, line.employeeId)}</h3>
      <p>{[words?.position, words?.unit].filter(Boolean).join(', ')}</p>
      <p class="badges">
        <Badge>{text.say(line.hasPersonalDataAccess ? 'case.has-access' : 'case.no-access')}</Badge>
        <Badge>{text.say(line.participatesInPublicServices ? 'case.in-services' : 'case.not-in-services')}</Badge>
      </p>
      {line.finding && (
        <>
          <p class="finding">
            <strong>{text.say(line.finding.transferConfirmed ? 'finding.confirmed' : 'finding.notConfirmed')}</strong>
          </p>
          <p class="text">{line.finding.reasoning}</p>
        </>
      )}
      {(['employee', 'unitHead'] as const).map(
        (whose) =>
          (line.requestFacts?.[whose].length ?? 0) > 0 && (
            <p>
              {text.say(whose === 'employee' ? 'case.request-facts-employee' : 'case.request-facts-unitHead')}:{' '}
              <span class="text">{line.requestFacts?.[whose].join('; ')}</span>
            </p>
          ),
      )}
      <Command
        part={part}
        action="screening.write"
        name="request-facts"
        title={text.say('command.request-facts')}
        when={!file.requests.some(({ lineId }) => lineId === line.lineId) && screening?.result !== 'outOfScope'}
        hidden={{ lineId: line.lineId }}
      >
        <RequestFactsFields text={text} facts={line.requestFacts} />
      </Command>
      <Command
        part={part}
        action="findings.write"
        name="findings"
        title={text.say('command.findings')}
        when={conclusions.length === 0}
        hidden={{ lineId: line.lineId }}
      >
        <Choice
          label={text.say('field.finding')}
          name="transferConfirmed"
          value={line.finding ? String(line.finding.transferConfirmed) : undefined}
          options={[
            ['true', text.say('finding.confirmed')],
            ['false', text.say('finding.notConfirmed')],
          ]}
        />
        <Area label={text.say('field.reasoning')} name="reasoning" value={line.finding?.reasoning ?? ''} />
      </Command>
      <Command
        part={part}
        action="measures.write"
        name="measures"
        title={text.say('command.measures')}
        when={line.finding?.transferConfirmed === true}
        hidden={{ lineId: line.lineId }}
      >
        <Field label={text.say('field.measureKind')} name="kind" required minLength={3} maxLength={10_000} />
        <Field label={text.say('field.legalGround')} name="legalGround" required minLength={3} maxLength={10_000} />
        <Field label={text.say('field.decidedOn')} name="decidedOn" type="date" required />
      </Command>
      <Command
        part={part}
        action="employee.add"
        name="employee-removals"
        title={text.say('command.employee-removals')}
        when={screening === null}
        hidden={{ lineId: line.lineId }}
      ></Command>
    </article>
  );
}

export function Signs(part: InspectionPart): VNode {
  const { text } = part.context;
  const { signs } = part.file.inspection;
  const numberOf = (letterId: string | null): string | undefined =>
    part.file.letters.find(({ _id }) => _id === letterId)?.number;
  return (
    <Section part="signs" text={text}>
      {signs.length === 0 ? (
        <p class="empty">{text.say('case.no-signs')}</p>
      ) : (
        <ul class="plain">
          {signs.map((sign) => (
            <li>
              {sign.kinds.map((kind) => text.say(`sign.${kind}`)).join(', ')} —{' '}
              <Moment at={sign.revealedAt} text={text} />
              {(sign.dispatchLetterIds ?? [sign.dispatchLetterId]).map(
                (id) => numberOf(id) && <small>{text.say('case.dispatched', { number: numberOf(id)! })}</small>,
              )}
              {numberOf(sign.noticeLetterId) && (
                <small>{text.say('case.central-office-told', { number: numberOf(sign.noticeLetterId)! })}</small>
              )}
            </li>
          ))}
        </ul>
      )}
      <Command part={part} action="signs.record" name="signs" title={text.say('command.signs')}>
        <Checks
          label={text.say('field.signs')}
          name="kinds"
          options={(['administrative', 'criminal'] as const).map((kind) => [kind, text.say(`sign.${kind}`)])}
        />
        <Field
          label={text.say('field.revealedAt')}
          name="revealedAt"
          type="datetime-local"
          hint={text.say('hint.revealedAt')}
        />
      </Command>
    </Section>
  );
}

export function Conclusion({ context, file }: InspectionPart): VNode | null {
  const { text } = context;
  const { conclusions, measures, lines } = file.inspection;
  if (conclusions.length === 0 && measures.length === 0) return null;
  return (
    <Section part="conclusion" text={text}>
      {conclusions.map((conclusion) => (
        <article class="card">
          <h3>
            <a href={`/api/cases/${file.opened.record.number}/documents/${conclusion.paper.documentId}`}>
              {conclusion.number}
            </a>{' '}
            · <Moment at={conclusion.signedAt} text={text} />
          </h3>
          {conclusion.supersededBy && <p class="notice">{text.say('case.conclusion-superseded')}</p>}
          <p>
            {text.say('case.conclusion-by', { who: conclusion.author })} ·{' '}
            {text.say('case.attachments', { count: conclusion.attachments.length })}
          </p>
          <code class="hash">SHA-256 {conclusion.sha256}</code> <br />
          <code class="hash">PDF SHA-256 {conclusion.paper.sha256}</code>
        </article>
      ))}
      {measures.length > 0 && (
        <>
          <h3>{text.say('case.measures')}</h3>
          <ul>
            {measures.map((measure) => (
              <li>
                {nameOf(text, file, lines.find(({ lineId }) => lineId === measure.lineId)?.employeeId ?? '')}:{' '}
                <span class="text">
                  {measure.kind} ({measure.legalGround})
                </span>
                , {text.date(measure.decidedOn)}
              </li>
            ))}
          </ul>
        </>
      )}
    </Section>
  );
}

function offeredOf({ inspection, opened }: InspectionPart['file']) {
  return {
    'withdrawal.note': inspection.trigger.kind !== 'officialInformation' && inspection.withdrawnAt === null,
    'unit.change': true,
    'case.void': opened.record.voidReason === null,
  };
}

/** Whether the reader may do anything that concerns the case as a whole, or did and was refused. */
export function offersOther({ file, can, refused }: InspectionPart): boolean {
  if (refused && ['withdrawal', 'unit', 'void'].includes(refused.form)) return true;
  return Object.entries(offeredOf(file)).some(([action, when]) => when && can.has(action));
}

/** What is rarely done and concerns the case as a whole. */
export function Other(part: InspectionPart): VNode | null {
  const { context, file } = part;
  const { text, organisation } = context;
  const { inspectingUnit } = file.inspection;
  const offered = offeredOf(file);
  if (!offersOther(part)) return null;
  const units = [
    ['centralOffice', organisation.centralOffice.name[text.language]],
    ['branch', text.say('unit.branch')],
  ] as const;
  return (
    <Section part="other" text={text}>
      <Command
        part={part}
        action="withdrawal.note"
        name="withdrawal"
        title={text.say('command.withdrawal')}
        when={offered['withdrawal.note']}
      >
        <p>{text.say('hint.withdrawal')}</p>
      </Command>
      <Command part={part} action="unit.change" name="unit" title={text.say('command.unit')}>
        <Choice
          label={text.say('field.unit')}
          name="inspectingUnit"
          hint={text.say('hint.unit')}
          options={units.filter(([unit]) => unit !== inspectingUnit)}
        />
      </Command>
      <Command part={part} action="case.void" name="void" title={text.say('command.void')} when={offered['case.void']}>
        <Area label={text.say('field.reason')} name="reason" />
      </Command>
    </Section>
  );
}
