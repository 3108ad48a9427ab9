import type { VNode } from 'preact';
import { systemsOf } from '../../core/access-request/model.js';
import type { AccountRight } from '../../core/access-request/skud-account.js';
import { PlainPapers } from './case-papers.js';
import {
  Badge,
  Command,
  Facts,
  Section,
  Table,
  VoidCase,
  type AccessRequestPart,
  type OwnParts,
} from './case-parts.js';
import { Area, Choice } from './fields.js';
import { completionFields } from './access-forms.js';
import { RequestField } from './access-request.js';
import { requestFieldOf } from './labels.js';
import { Moment, Stamp, type PageContext } from './layout.js';

/** What the page of a case file shows of an access request. */
export function accessRequestParts(part: AccessRequestPart): OwnParts {
  const { text } = part.context;
  const { accessRequest, documents } = part.file;
  const { kind, repeatReason, users, missing, precheck, answeredAt, withdrawnAt } = accessRequest;
  const incomplete = missing !== null && missing.length > 0 && answeredAt === null && !withdrawnAt;
  return {
    facts: [
      [text.say('field.requestKind'), text.say(`access.kind.${kind}`)],
      [text.say('field.repeatReason'), repeatReason && text.say(`access.repeat.${repeatReason}`)],
      [
        text.say('access.precheck'),
        precheck && (
          <>
            <Badge kind={precheck.check === 'ok' ? 'kept' : 'late'}>{text.say(`access.check.${precheck.check}`)}</Badge>{' '}
            {precheck.missingBasis && text.say(`missingBasis.${precheck.missingBasis}`)}
          </>
        ),
      ],
      [text.say('access.answered'), answeredAt && <Moment at={answeredAt} text={text} />],
      [text.say('access.withdrawn'), withdrawnAt && <Moment at={withdrawnAt} text={text} />],
    ],
    notices: (
      <>
        {incomplete && <p class="notice">{text.say('access.incomplete', { fields: lackingOf(missing, text) })}</p>}
        <KnownAccounts {...part} />
        <KnownViolations {...part} />
      </>
    ),
    parts: [
      { name: 'request', count: null, content: <Request {...part} /> },
      { name: 'users', count: users.length, content: <Users {...part} /> },
      { name: 'decisions', count: accessRequest.decisions.length, content: <Decisions {...part} /> },
      { name: 'documents', count: documents.length, content: <PlainPapers {...part} /> },
      { name: 'other', count: null, listed: false, content: <VoidCase {...part} /> },
    ],
  };
}

/** R29: a second account beside one that is blocked would go around the repeated application. R20: an account is one person's. */
function KnownAccounts({ context: { text }, file }: AccessRequestPart): VNode | null {
  const { knownAccounts, accountsOfOthers } = file;
  if (knownAccounts.length + accountsOfOthers.length === 0) return null;
  return (
    <div class="notice">
      <ul class="plain">
        {knownAccounts.map(({ rowNo: row, login, blocked }) => (
          <li>{text.say(blocked ? 'access.known-account-blocked' : 'access.known-account', { row, login })}</li>
        ))}
        {accountsOfOthers.map(({ rowNo: row, login, caseNumber: number }) => (
          <li>{text.say('access.account-of-another', { row, login, number })}</li>
        ))}
      </ul>
    </div>
  );
}

/** E7 of the process: why an account is blocked is no secret to who decides whether it is opened again. */
function KnownViolations({ context: { text }, file, can }: AccessRequestPart): VNode | null {
  if (!can.has('access-violation.read') || file.violations.length === 0) return null;
  return (
    <div class="notice">
      <ul class="plain">
        {file.violations.map(({ rowNo, violation: { number, kind, reportedAt, review } }) => (
          <li>
            {text.say('access.violation', { row: rowNo, number, kind: text.say(`violationKind.${kind}`) })}{' '}
            <Stamp at={reportedAt} text={text} /> {review && text.say(`violationReview.${review.outcome}`)}
          </li>
        ))}
      </ul>
      <a href="/access-violations">{text.say('page.violations')}</a>
    </div>
  );
}

/** What a request lacks, in words; of a user with the number of his row. */
function lackingOf(missing: readonly string[], text: PageContext['text']): string {
  return missing.map((path) => requestFieldOf(text, path)).join(', ');
}

function Request(part: AccessRequestPart): VNode {
  const { text } = part.context;
  const { applicant, basis, legalException, reviewNote, answeredAt } = part.file.accessRequest;
  const undecided = answeredAt === null;
  return (
    <Section part="request" text={text}>
      <Facts
        rows={[
          [text.say('access.applicant'), [applicant.name, applicant.bin].filter(Boolean).join(', ') || '—'],
          [text.say('access.standing'), text.say(`access.standing.${applicant.standing}`)],
          [text.say('access.letter'), [applicant.letterRefNo, applicant.letterDate].filter(Boolean).join(', ')],
          [text.say('access.head'), [applicant.headFullName, applicant.headSignature].filter(Boolean).join(', ')],
          [text.say('access.reply-email'), applicant.replyEmail],
          [
            text.say('access.basis'),
            basis.type && [text.say(`access.basis.${basis.type}`), basis.number, basis.date].filter(Boolean).join(', '),
          ],
          [text.say('access.legal-exception'), legalException && <span class="text">{legalException}</span>],
          [text.say('access.review-note'), reviewNote && <span class="text">{reviewNote}</span>],
        ]}
      />
      <Completion {...part} />
      {(['review-note', 'legal-exception'] as const).map((name) => (
        <Command
          part={part}
          action="access-review.write"
          name={name}
          title={text.say(`command.${name}`)}
          when={undecided || name === 'review-note'}
        >
          <Area label={text.say('field.text')} name="text" />
        </Command>
      ))}
    </Section>
  );
}

/** AMB-ACC-13: what the applicant handed in by other ways; a copy of the basis goes among the documents. */
function Completion(part: AccessRequestPart): VNode {
  const { context, file } = part;
  const { text } = context;
  const lacking = completionFields(file.accessRequest).filter((name) => name !== 'copy');
  const rows = [...new Set(lacking.flatMap((name) => /^users\[(\d+)\]/.exec(name)?.[1] ?? []))];
  const field = (name: string) => <RequestField context={context} name={name} />;
  return (
    <Command
      part={part}
      action="access-review.write"
      name="completion"
      title={text.say('command.completion')}
      when={file.accessRequest.answeredAt === null && lacking.length > 0}
    >
      {lacking.filter((name) => !name.startsWith('users[')).map(field)}
      {rows.map((row) => (
        <fieldset class="stack">
          <legend>{text.say('accessForm.user', { number: Number(row) + 1 })}</legend>
          {lacking.filter((name) => name.startsWith(`users[${row}].`)).map(field)}
        </fieldset>
      ))}
    </Command>
  );
}

function Users({ context, file }: AccessRequestPart): VNode {
  const { text } = context;
  const heads = ['user', 'position', 'contacts', 'rights', 'account'].map((name) => text.say(`access.${name}`));
  return (
    <Section part="users" text={text}>
      <Table
        label={text.say('case.users')}
        heads={heads}
        rows={file.accessRequest.users.map((user) => [
          <>
            {user.rowNo}. {[user.surname, user.name, user.middleName].filter(Boolean).join(' ') || '—'}
            <small>{[user.iin, user.login].filter(Boolean).join(', ')}</small>
          </>,
          [user.position, user.division].filter(Boolean).join(', ') || '—',
          [user.officePhone, user.cellPhone, user.workstationIp, user.email].filter(Boolean).join(', ') || '—',
          <ul class="plain">
            {user.rights.map((right) => (
              <li>{rightName(context, right)}</li>
            ))}
          </ul>,
          user.account ? (
            <>
              <Badge kind={user.registeredAt ? 'kept' : 'open'}>
                {text.say(user.registeredAt ? 'access.account.registered' : `access.account.${user.account.outcome}`)}
              </Badge>{' '}
              <Stamp at={user.registeredAt ?? user.account.at} text={text} />
            </>
          ) : (
            '—'
          ),
        ])}
      />
    </Section>
  );
}

function Decisions(part: AccessRequestPart): VNode {
  const { context, file } = part;
  const { text } = context;
  const { accessRequest } = file;
  const { decisions, refusalReasons, answeredAt } = accessRequest;
  const systems = systemsOf(accessRequest);
  return (
    <Section part="decisions" text={text}>
      <Table
        label={text.say('case.decisions')}
        heads={['system', 'decision', 'reason'].map((name) => text.say(`access.${name}`))}
        rows={systems.map((system) => {
          const decision = decisions.find((each) => each.system === system);
          const reason = refusalReasons.find((each) => each.system === system);
          return [
            systemName(context, system),
            decision ? (
              <>
                <Badge kind={decision.outcome === 'granted' ? 'kept' : 'broken'}>
                  {text.say(`access.outcome.${decision.outcome}`)}
                </Badge>{' '}
                {decision.ground && text.say(`missingBasis.${decision.ground}`)} <Stamp at={decision.at} text={text} />
              </>
            ) : (
              '—'
            ),
            reason ? <span class="text">{reason.text}</span> : '—',
          ];
        })}
      />
      <Command
        part={part}
        action="access-review.write"
        name="refusal-reasons"
        title={text.say('command.refusal-reasons')}
        when={answeredAt === null}
      >
        <Choice
          label={text.say('access.system')}
          name="system"
          options={systems.map((system) => [system, systemName(context, system)])}
        />
        <Area label={text.say('field.reason')} name="text" />
      </Command>
    </Section>
  );
}

/** What the registry calls a system. */
export function systemName({ organisation, text }: PageContext, code: string): string {
  return organisation.access.systems.find((system) => system.code === code)?.name[text.language] ?? code;
}

function rightName(context: PageContext, right: AccountRight): string {
  const { organisation, text } = context;
  const system = organisation.access.systems.find(({ code }) => code === right.system);
  const own = system?.functions.find(({ code }) => code === right.function);
  return `${systemName(context, right.system)}: ${own?.name[text.language] ?? right.function}`;
}
