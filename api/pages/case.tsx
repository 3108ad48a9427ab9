import type { ComponentChildren, VNode } from 'preact';
import type { CaseFile } from '../cases/views.js';
import { Area, Choice, Csrf, Field, Moment, type PageContext } from './layout.js';

/** The case file of an inspection: what forms of Tasklist must not carry is read and written here. */
export function CasePage({
  context,
  file,
  can,
  staff,
}: {
  context: PageContext;
  file: CaseFile;
  can: Set<string>;
  staff: readonly (readonly [string, string])[];
}): VNode {
  const { text } = context;
  const { record } = file.opened;
  const { inspection } = file;
  const unit =
    inspection.inspectingUnit === 'centralOffice'
      ? context.organisation.centralOffice.name
      : context.organisation.branches.find(({ code }) => code === inspection.branchCode)?.name;
  const language = text.language as 'kk' | 'ru' | 'en';
  return (
    <>
      <dl class="facts">
        <dt>{text.say('field.state')}</dt>
        <dd>
          <span class={`badge ${record.state}`}>{text.say(`state.${record.state}`)}</span>
          {record.outcome && ` ${text.say(`outcome.${record.outcome}`)}`}
        </dd>
        <dt>{text.say('field.unit')}</dt>
        <dd>{unit?.[language] ?? '—'}</dd>
        <dt>{text.say('field.triggerKind')}</dt>
        <dd>{text.say(`trigger.${inspection.trigger.kind}`)}</dd>
        <dt>{text.say('field.receivedAt')}</dt>
        <dd>
          <Moment at={record.receivedAt} text={text} />
        </dd>
        <dt>{text.say('field.legalBasis')}</dt>
        <dd>{context.organisation.acts['inspection']?.citation[language]}</dd>
      </dl>
      {inspection.withdrawnAt && <p class="notice">{text.say('case.withdrawn')}</p>}
      <Clocks context={context} file={file} />
      <Trigger context={context} file={file} can={can} />
      <Employees context={context} file={file} can={can} staff={staff} />
      <Documents context={context} file={file} can={can} staff={staff} />
      <Signs context={context} file={file} can={can} />
      <Conclusion context={context} file={file} can={can} />
      <Letters context={context} file={file} />
      <Trail context={context} file={file} />
      <Other context={context} file={file} can={can} />
    </>
  );
}

interface Part {
  context: PageContext;
  file: CaseFile;
  can: Set<string>;
}

function Section({ title, children }: { title: string; children: ComponentChildren }): VNode {
  return (
    <section>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** A form of one command, folded until it is wanted; nothing where the reader may not. */
function Command({
  context,
  file,
  can,
  action,
  name,
  title,
  children,
}: Part & { action: string; name: string; title: string; children?: ComponentChildren }): VNode | null {
  if (!can.has(action)) return null;
  return (
    <details>
      <summary>{title}</summary>
      <form method="post" action={`/cases/${file.opened.record.number}/${name}`} class="stack">
        <Csrf context={context} />
        {children}
        <button type="submit">{context.text.say('action.save')}</button>
      </form>
    </details>
  );
}

function Clocks({ context: { text }, file }: Omit<Part, 'can'>): VNode {
  return (
    <Section title={text.say('case.clocks')}>
      <div class="scroll" tabIndex={0} role="region" aria-label={text.say('case.clocks')}>
        <table>
          <thead>
            <tr>
              {['rule', 'startedAt', 'targetAt', 'dueAt', 'stoppedAt', 'kept'].map((name) => (
                <th scope="col">{text.say(`clock.${name}`)}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {file.clocks.map((clock) => (
              <tr>
                <th scope="row">
                  {clock.rule} <small>{text.say(`rule.${clock.rule}`)}</small>
                </th>
                <td>
                  <Moment at={clock.startedAt} text={text} />
                </td>
                <td>{clock.targetAt ? <Moment at={clock.targetAt} text={text} /> : text.say('clock.silent')}</td>
                <td>
                  <Moment at={clock.dueAt} text={text} />
                </td>
                <td>
                  <Moment at={clock.stoppedAt} text={text} />
                </td>
                <td>
                  {clock.kept === null ? (
                    clock.reports.length > 0 && (
                      <span class="badge late">{text.say(`clock.report.${clock.reports.at(-1)!.kind}`)}</span>
                    )
                  ) : (
                    <span class={`badge ${clock.kept ? 'kept' : 'broken'}`}>
                      {text.say(clock.kept ? 'clock.was-kept' : 'clock.was-broken')}
                    </span>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}

function Trigger({ context, file, can }: Part): VNode {
  const { text } = context;
  const { trigger, screeningReason, extractScope, noExtractReason } = file.inspection;
  return (
    <Section title={text.say('case.trigger')}>
      <dl class="facts">
        <dt>{text.say('case.sender')}</dt>
        <dd>
          {[trigger.senderName, trigger.senderIin, trigger.senderBin, trigger.senderEmail, trigger.senderPhone]
            .filter(Boolean)
            .join(', ') || '—'}
        </dd>
        <dt>{text.say('case.facts')}</dt>
        <dd>
          <ol>
            {trigger.facts.map((fact) => (
              <li class="text">{fact}</li>
            ))}
          </ol>
        </dd>
        {trigger.namedEmployees.length > 0 && (
          <>
            <dt>{text.say('case.named')}</dt>
            <dd>{trigger.namedEmployees.join('; ')}</dd>
          </>
        )}
        {trigger.thirdParties.length > 0 && (
          <>
            <dt>{text.say('field.thirdParties')}</dt>
            <dd>{trigger.thirdParties.join('; ')}</dd>
          </>
        )}
        {screeningReason && (
          <>
            <dt>{text.say('case.screening-reason')}</dt>
            <dd class="text">{screeningReason}</dd>
          </>
        )}
        <dt>{text.say('case.extract-scope')}</dt>
        <dd>
          {extractScope
            ? `${text.date(extractScope.periodFrom)} – ${text.date(extractScope.periodTo)} (${extractScope.facts.length})`
            : '—'}
          {noExtractReason && <p class="text">{noExtractReason}</p>}
        </dd>
      </dl>
      <Command
        context={context}
        file={file}
        can={can}
        action="screening.write"
        name="screening-reason"
        title={text.say('command.screening-reason')}
      >
        <Area label={text.say('field.reason')} name="text" />
      </Command>
      <Command
        context={context}
        file={file}
        can={can}
        action="screening.write"
        name="extract-scope"
        title={text.say('command.extract-scope')}
      >
        <Field label={text.say('field.facts')} name="facts" hint={text.say('hint.lines')}>
          <textarea name="facts" rows={4} required>
            {(extractScope?.facts ?? trigger.facts).map((fact) => fact.replaceAll(/\s*\n\s*/g, ' ')).join('\n')}
          </textarea>
        </Field>
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
        context={context}
        file={file}
        can={can}
        action="screening.write"
        name="no-extract-reason"
        title={text.say('command.no-extract-reason')}
      >
        <Area label={text.say('field.reason')} name="text" />
      </Command>
    </Section>
  );
}

function nameOf(file: CaseFile, employeeId: string): string {
  return file.employees.get(employeeId)?.fullName ?? employeeId;
}

function Employees({ context, file, can, staff }: Part & { staff: readonly (readonly [string, string])[] }): VNode {
  const { text } = context;
  const { lines, screening } = file.inspection;
  return (
    <Section title={text.say('case.employees')}>
      {lines.length === 0 && <p>{text.say('case.no-employees')}</p>}
      {lines.map((line) => {
        const employee = file.employees.get(line.employeeId);
        return (
          <article class="card">
            <h3>{nameOf(file, line.employeeId)}</h3>
            <p>
              {[employee?.position, text.language === 'kk' ? employee?.unitNameKk : employee?.unitNameRu]
                .filter(Boolean)
                .join(', ')}
            </p>
            <p>
              <span class="badge">{text.say(line.hasPersonalDataAccess ? 'case.has-access' : 'case.no-access')}</span>{' '}
              <span class="badge">
                {text.say(line.participatesInPublicServices ? 'case.in-services' : 'case.not-in-services')}
              </span>
            </p>
            {line.finding && (
              <p>
                <strong>
                  {text.say(line.finding.transferConfirmed ? 'finding.confirmed' : 'finding.notConfirmed')}
                </strong>
                <span class="text"> {line.finding.reasoning}</span>
              </p>
            )}
            <Command
              context={context}
              file={file}
              can={can}
              action="findings.write"
              name="findings"
              title={text.say('command.findings')}
            >
              <input type="hidden" name="lineId" value={line.lineId} />
              <Choice
                label={text.say('field.finding')}
                name="transferConfirmed"
                options={[
                  ['true', text.say('finding.confirmed')],
                  ['false', text.say('finding.notConfirmed')],
                ]}
              />
              <Area label={text.say('field.reasoning')} name="reasoning" />
            </Command>
            <Command
              context={context}
              file={file}
              can={can}
              action="measures.write"
              name="measures"
              title={text.say('command.measures')}
            >
              <input type="hidden" name="lineId" value={line.lineId} />
              <Field label={text.say('field.measureKind')} name="kind" required />
              <Field label={text.say('field.legalGround')} name="legalGround" required />
              <Field label={text.say('field.decidedOn')} name="decidedOn" type="date" required />
            </Command>
            {!screening && (
              <Command
                context={context}
                file={file}
                can={can}
                action="employee.add"
                name="employee-removals"
                title={text.say('command.employee-removals')}
              >
                <input type="hidden" name="lineId" value={line.lineId} />
              </Command>
            )}
          </article>
        );
      })}
      <Command
        context={context}
        file={file}
        can={can}
        action="employee.add"
        name="employees"
        title={text.say('command.employees')}
      >
        <Choice label={text.say('field.employee')} name="employeeId" options={staff} />
      </Command>
    </Section>
  );
}

function Documents({ context, file, can, staff }: Part & { staff: readonly (readonly [string, string])[] }): VNode {
  const { text } = context;
  const { number } = file.opened.record;
  const kindOf = (kind: string): string =>
    text.has(`document.${kind}`) ? text.say(`document.${kind}`) : text.say('document.material');
  const openRequests = file.requests.filter((request) => request.state === 'requested');
  return (
    <Section title={text.say('case.documents')}>
      {file.requests.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={text.say('case.requests')}>
          <table>
            <caption>{text.say('case.requests')}</caption>
            <thead>
              <tr>
                {['kind', 'addressee', 'letter', 'requestedAt', 'state'].map((name) => (
                  <th scope="col">{text.say(`request.${name}`)}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {file.requests.map((request) => (
                <tr>
                  <th scope="row">
                    {kindOf(request.kind)}
                    {request.question && <small class="text"> {request.question}</small>}
                  </th>
                  <td>{nameOf(file, request.addresseeId)}</td>
                  <td>{request.letterNumber ?? '—'}</td>
                  <td>
                    <Moment at={request.requestedAt} text={text} />
                  </td>
                  <td>
                    {text.say(`request.${request.state}`)}{' '}
                    {request.settledAt && <Moment at={request.settledAt} text={text} />}
                    {request.nonReceipt && <p class="text">{request.nonReceipt.reason}</p>}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {file.extracts.length > 0 && (
        <ul>
          {file.extracts.map((extract) => (
            <li>
              {text.say(extract.system === 'iisPsc' ? 'document.nitExtractIisPsc' : 'document.nitExtractEgovPortal')}:{' '}
              {text.say(`extract.${extract.state}`)}
              {extract.state === 'complete' && ` — ${text.say('extract.rows', { count: extract.rows })}`}
            </li>
          ))}
        </ul>
      )}
      <ul class="documents">
        {file.documents.map((document) => (
          <li>
            <a href={`/api/cases/${number}/documents/${document._id}`}>{document.name}</a> — {kindOf(document.kind)},{' '}
            {text.number(Math.ceil(document.bytes / 1024))} KiB, <Moment at={document.addedAt} text={text} />
            <br />
            <code class="hash">SHA-256 {document.sha256}</code>
          </li>
        ))}
      </ul>
      {can.has('document.upload') && (
        <details>
          <summary>{text.say('command.documents')}</summary>
          <form method="post" action={`/cases/${number}/documents`} enctype="multipart/form-data" class="stack">
            <Csrf context={context} />
            <Choice
              label={text.say('field.request')}
              name="requestId"
              required={false}
              options={[
                ['', text.say('field.no-request')],
                ...openRequests.map(
                  (request) => [request._id, `${kindOf(request.kind)} — ${nameOf(file, request.addresseeId)}`] as const,
                ),
              ]}
            />
            <Field label={text.say('field.file')} name="file" type="file" required hint={text.say('hint.file')} />
            <button type="submit">{text.say('action.send')}</button>
          </form>
        </details>
      )}
      <Command
        context={context}
        file={file}
        can={can}
        action="additional-request.write"
        name="requests"
        title={text.say('command.requests')}
      >
        <Choice label={text.say('field.addressee')} name="addresseeId" options={staff} />
        <Area label={text.say('field.question')} name="question" />
      </Command>
      {openRequests.length > 0 && (
        <Command
          context={context}
          file={file}
          can={can}
          action="non-receipt.record"
          name="non-receipt-notes"
          title={text.say('command.non-receipt-notes')}
        >
          <Choice
            label={text.say('field.request')}
            name="requestId"
            options={openRequests.map((request) => [
              request._id,
              `${kindOf(request.kind)} — ${nameOf(file, request.addresseeId)}`,
            ])}
          />
          <Area label={text.say('field.reason')} name="reason" />
        </Command>
      )}
      {openRequests.length > 0 && (
        <Command
          context={context}
          file={file}
          can={can}
          action="non-receipt.record"
          name="non-receipts"
          title={text.say('command.non-receipts')}
        >
          <Choice
            label={text.say('field.request')}
            name="requestId"
            options={openRequests.map((request) => [
              request._id,
              `${kindOf(request.kind)} — ${nameOf(file, request.addresseeId)}`,
            ])}
          />
          <Area label={text.say('field.reason')} name="reason" />
        </Command>
      )}
    </Section>
  );
}

function Signs({ context, file, can }: Part): VNode {
  const { text } = context;
  return (
    <Section title={text.say('case.signs')}>
      {file.inspection.signs.length === 0 && <p>{text.say('case.no-signs')}</p>}
      <ul>
        {file.inspection.signs.map((sign) => (
          <li>
            {sign.kinds.map((kind) => text.say(`sign.${kind}`)).join(', ')} —{' '}
            <Moment at={sign.revealedAt} text={text} />
          </li>
        ))}
      </ul>
      <Command
        context={context}
        file={file}
        can={can}
        action="signs.record"
        name="signs"
        title={text.say('command.signs')}
      >
        <fieldset>
          <legend>{text.say('field.signs')}</legend>
          {(['administrative', 'criminal'] as const).map((kind) => (
            <label>
              <input type="checkbox" name="kinds" value={kind} /> {text.say(`sign.${kind}`)}
            </label>
          ))}
        </fieldset>
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

function Conclusion({ context, file }: Part): VNode | null {
  const { text } = context;
  const { conclusions, measures } = file.inspection;
  if (conclusions.length === 0 && measures.length === 0) return null;
  return (
    <Section title={text.say('case.conclusion')}>
      {conclusions.map((conclusion) => (
        <article class="card">
          <h3>
            {conclusion.number} <Moment at={conclusion.signedAt} text={text} />
          </h3>
          <p>{text.say('case.conclusion-by', { who: conclusion.author })}</p>
          <p>{text.say('case.attachments', { count: conclusion.attachments.length })}</p>
          <code class="hash">SHA-256 {conclusion.sha256}</code>
        </article>
      ))}
      {measures.length > 0 && (
        <ul>
          {measures.map((measure) => (
            <li class="text">
              {measure.kind} — {measure.legalGround}, {text.date(measure.decidedOn)}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function Letters({ context: { text }, file }: Omit<Part, 'can'>): VNode {
  return (
    <Section title={text.say('case.letters')}>
      <ul>
        {file.letters.map((letter) => (
          <li>
            {letter.number} — {text.say(`letter.state.${letter.state}`)}{' '}
            {letter.sentAt && <Moment at={letter.sentAt} text={text} />}
            {letter.possibleDouble && <span class="badge late">{text.say('letter.possible-double')}</span>}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Trail({ context: { text }, file }: Omit<Part, 'can'>): VNode {
  return (
    <Section title={text.say('case.trail')}>
      <div class="scroll" tabIndex={0} role="region" aria-label={text.say('case.trail')}>
        <table>
          <thead>
            <tr>
              {['seq', 'at', 'by', 'type', 'data', 'hash'].map((name) => (
                <th scope="col">{text.say(`trail.${name}`)}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {file.trail.map((entry) => (
              <tr>
                <th scope="row">{entry.seq}</th>
                <td>
                  <Moment at={entry.at} text={text} />
                </td>
                <td>{entry.by.id}</td>
                <td>
                  <code>{entry.type}</code>
                </td>
                <td>
                  {Object.entries(entry.data)
                    .map(
                      ([name, value]) =>
                        `${name}: ${String(value).length > 40 ? `${String(value).slice(0, 12)}…` : String(value)}`,
                    )
                    .join(', ')}
                </td>
                <td>
                  <code class="hash" title={entry.hash}>
                    {entry.hash.slice(0, 12)}
                  </code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}

function Other({ context, file, can }: Part): VNode | null {
  const { text } = context;
  if (!['withdrawal.note', 'unit.change', 'case.void'].some((action) => can.has(action))) return null;
  return (
    <Section title={text.say('case.other')}>
      <Command
        context={context}
        file={file}
        can={can}
        action="withdrawal.note"
        name="withdrawal"
        title={text.say('command.withdrawal')}
      />
      <Command
        context={context}
        file={file}
        can={can}
        action="unit.change"
        name="unit"
        title={text.say('command.unit')}
      >
        <Choice
          label={text.say('field.unit')}
          name="inspectingUnit"
          options={[
            ['centralOffice', text.say('unit.centralOffice')],
            ['branch', text.say('unit.branch')],
          ]}
        />
      </Command>
      <Command context={context} file={file} can={can} action="case.void" name="void" title={text.say('command.void')}>
        <Area label={text.say('field.reason')} name="reason" />
      </Command>
    </Section>
  );
}
