import type { VNode } from 'preact';
import type { Registered } from '../../core/inspection/intake.js';
import { Area, Choice, Field } from './fields.js';
import { Csrf, Moment, type PageContext } from './layout.js';

/** Pages for who is not of the staff: file an application, follow it, answer a document request. */

export function Home({ context: { text, person } }: { context: PageContext }): VNode {
  const staff = person ? ['cases', 'requests'] : ['cases'];
  return (
    <>
      <p class="lead">{text.say('page.home-lead')}</p>
      <ul class="cards">
        {['apply', 'follow', ...staff].map((name) => (
          <li>
            <a href={`/${name}`}>{text.say(`page.${name}`)}</a>
            <p>{text.say(`page.${name}-lead`)}</p>
          </li>
        ))}
      </ul>
    </>
  );
}

const kinds = ['individualApplication', 'legalEntityApplication', 'stateBodyApplication'] as const;

/** What was sent with a refused application, and what is wrong with each of its fields. */
export interface Refused {
  title: string;
  values: Record<string, string>;
  faults: Record<string, string>;
}

export function Apply({
  context,
  idempotencyKey,
  refused,
}: {
  context: PageContext;
  idempotencyKey: string;
  refused?: Refused;
}): VNode {
  const { text } = context;
  const common = (name: string): { label: string; name: string; value?: string; fault?: string } => ({
    label: text.say(`field.${name}`),
    name,
    value: refused?.values[name],
    fault: refused?.faults[name],
  });
  return (
    <form method="post" action="/apply" class="stack">
      {refused && (
        <p class="faults" role="alert">
          {refused.title}
        </p>
      )}
      <Csrf context={context} />
      <input type="hidden" name="idempotencyKey" value={idempotencyKey} />
      <Choice {...common('triggerKind')} options={kinds.map((kind) => [kind, text.say(`applicant.${kind}`)])} />
      <Field {...common('senderName')} required maxLength={300} autocomplete="name" />
      <div class="row">
        <Field {...common('iin')} inputmode="numeric" maxLength={12} hint={text.say('hint.iin')} />
        <Field {...common('bin')} inputmode="numeric" maxLength={12} hint={text.say('hint.bin')} />
      </div>
      <Field {...common('email')} type="email" maxLength={254} autocomplete="email" hint={text.say('hint.email')} />
      <Field {...common('phone')} type="tel" maxLength={20} autocomplete="tel" />
      <Area {...common('facts')} hint={text.say('hint.facts')} rows={6} />
      <Area {...common('employees')} hint={text.say('hint.employees')} required={false} rows={2} />
      <Area {...common('thirdParties')} hint={text.say('hint.lines')} required={false} rows={2} />
      <div class="row">
        <Field {...common('periodFrom')} type="date" />
        <Field {...common('periodTo')} type="date" />
      </div>
      <button type="submit">{text.say('action.file')}</button>
    </form>
  );
}

export function Filed({ context: { text }, registered }: { context: PageContext; registered: Registered }): VNode {
  const { number, receivedAt } = registered.case;
  return (
    <>
      <p class="lead">{text.say('page.filed-lead')}</p>
      <dl class="facts card">
        <dt>{text.say('field.number')}</dt>
        <dd class="code">{number}</dd>
        {registered.accessCode && (
          <>
            <dt>{text.say('field.accessCode')}</dt>
            <dd>
              <span class="code">{registered.accessCode}</span>
              <p>{text.say('hint.accessCode')}</p>
            </dd>
          </>
        )}
        <dt>{text.say('field.receivedAt')}</dt>
        <dd>
          <Moment at={receivedAt} text={text} />
        </dd>
      </dl>
      <p>
        <a href="/follow">{text.say('page.follow')}</a>
      </p>
    </>
  );
}

export interface Followed {
  number: string;
  state: string;
  receivedAt: string;
  closedAt: string | null;
}

/** Where an application stands. */
export function FollowedCase({ context: { text }, followed }: { context: PageContext; followed: Followed }): VNode {
  return (
    <dl class="facts card">
      <dt>{text.say('field.number')}</dt>
      <dd class="code">{followed.number}</dd>
      <dt>{text.say('field.receivedAt')}</dt>
      <dd>
        <Moment at={new Date(followed.receivedAt)} text={text} />
      </dd>
      <dt>{text.say('field.state')}</dt>
      <dd>{text.say(followed.state === 'open' ? 'follow.open' : 'follow.closed')}</dd>
      {followed.closedAt && (
        <>
          <dt>{text.say('field.closedAt')}</dt>
          <dd>
            <Moment at={new Date(followed.closedAt)} text={text} />
          </dd>
        </>
      )}
    </dl>
  );
}

/** Asks for number and code; `number` is what was asked for in vain. */
export function Follow({ context, number }: { context: PageContext; number?: string }): VNode {
  const { text } = context;
  return (
    <form method="post" action="/follow" class="stack">
      {number !== undefined && (
        <p class="faults" role="alert">
          {text.say('follow.none')}
        </p>
      )}
      <Csrf context={context} />
      <Field label={text.say('field.number')} name="number" required placeholder="INS-2026-000017" value={number} />
      <Field
        label={text.say('field.accessCode')}
        name="code"
        required
        autocomplete="off"
        hint={text.say('hint.where-code')}
      />
      <button type="submit">{text.say('action.follow')}</button>
    </form>
  );
}

/** One document request as its addressee sees it: what is asked, and nothing of the inspection. */
export function UploadForm({
  context,
  action,
  kind,
  question,
  letterNumber,
}: {
  context: PageContext;
  action: string;
  kind: string;
  question: string | null;
  letterNumber: string | null;
}): VNode {
  const { text } = context;
  return (
    <form method="post" action={action} enctype="multipart/form-data" class="stack card">
      <Csrf context={context} />
      <h2>{text.say(`document.${kind}`)}</h2>
      {letterNumber && <p>{text.say('page.request-of-letter', { number: letterNumber })}</p>}
      {question && <p class="text">{question}</p>}
      {kind === 'hrSanctionsCertificate' && <SanctionsPresent context={context} required />}
      <FileField context={context} />
      <button type="submit">{text.say('action.send')}</button>
    </form>
  );
}

/** What an HR certificate states (R5). */
export function SanctionsPresent({ context: { text }, required }: { context: PageContext; required: boolean }): VNode {
  return (
    <Choice
      label={text.say('field.sanctionsPresent')}
      name="sanctionsPresent"
      required={required}
      hint={required ? undefined : text.say('hint.sanctionsPresent')}
      options={[
        ['false', text.say('field.sanctions-none')],
        ['true', text.say('field.sanctions-some')],
      ]}
    />
  );
}

/** The file itself: the last field of its form, because what stands before it is read first. */
export function FileField({ context: { text } }: { context: PageContext }): VNode {
  return (
    <Field
      label={text.say('field.file')}
      name="file"
      type="file"
      required
      hint={text.say('hint.file')}
      accept=".pdf,.png,.jpg,.jpeg,.docx,.xlsx,.txt,.csv"
    />
  );
}
