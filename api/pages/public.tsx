import type { VNode } from 'preact';
import type { Registered } from '../../core/intake.js';
import { readsCases } from '../access.js';
import { Area, Choice, Faults, Field, FormContext, type Refused } from './fields.js';
import { Csrf, Moment, type PageContext } from './layout.js';

/** Pages for who is not of the staff: file an application, follow it, answer a document request. */

export function Home({
  context: { text, person, organisation },
  registers,
}: {
  context: PageContext;
  /** Whether the reader registers technical requests of others. */
  registers: boolean;
}): VNode {
  const staff = [...(person && readsCases(person) ? ['cases'] : []), 'requests'];
  const technical = organisation.acts['technical-request']?.on;
  return (
    <>
      <p class="lead">{text.say('page.home-lead')}</p>
      <ul class="cards">
        {['apply', 'follow'].map((name) => (
          <Card text={text} href={`/${name}`} name={name} />
        ))}
        {organisation.acts['access-request']?.on && (
          <Card text={text} href="/access-requests/new" name="access-request" />
        )}
        {technical && <Card text={text} href="/technical-requests/new" name="technical-request" />}
      </ul>
      <h2>{text.say('page.staff')}</h2>
      <ul class="cards">
        {person ? (
          <>
            {staff.map((name) => (
              <Card text={text} href={`/${name}`} name={name} />
            ))}
            {technical && registers && (
              <Card text={text} href="/technical-requests/register" name="technical-register" />
            )}
          </>
        ) : (
          <Card text={text} href="/sign-in?to=%2F" name="staff-sign-in" />
        )}
      </ul>
    </>
  );
}

function Card({ text, href, name }: { text: PageContext['text']; href: string; name: string }): VNode {
  return (
    <li>
      <a href={href}>{text.say(`page.${name}`)}</a>
      <p>{text.say(`page.${name}-lead`)}</p>
    </li>
  );
}

const kinds = ['individualApplication', 'legalEntityApplication', 'stateBodyApplication'] as const;

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
  const field = (name: string) => ({ label: text.say(`field.${name}`), name });
  const optional = (name: string) => ({ ...field(name), optional: text.say('field.optional') });
  return (
    <FormContext.Provider value={{ id: 'field', refused: refused ?? null }}>
      <form method="post" action="/apply" class="stack wide">
        <Faults text={text} />
        <Csrf context={context} />
        <input type="hidden" name="idempotencyKey" value={idempotencyKey} />
        <fieldset class="card stack">
          <legend>{text.say('apply.who')}</legend>
          <Choice
            {...field('triggerKind')}
            empty={text.say('field.choose')}
            options={kinds.map((kind) => [kind, text.say(`applicant.${kind}`)])}
          />
          <Field {...field('senderName')} required maxLength={300} autocomplete="name" />
          <div class="row">
            <Field {...optional('iin')} inputmode="numeric" maxLength={12} hint={text.say('hint.iin')} />
            <Field {...optional('bin')} inputmode="numeric" maxLength={12} hint={text.say('hint.bin')} />
          </div>
          <div class="row">
            <Field
              {...optional('email')}
              type="email"
              maxLength={254}
              autocomplete="email"
              hint={text.say('hint.email')}
            />
            <Field {...optional('phone')} type="tel" maxLength={20} autocomplete="tel" hint="+7 701 234 56 78" />
          </div>
        </fieldset>
        <fieldset class="card stack">
          <legend>{text.say('apply.what')}</legend>
          <Area {...field('facts')} hint={text.say('hint.facts')} rows={8} />
        </fieldset>
        <fieldset class="card stack">
          <legend>{text.say('apply.whom')}</legend>
          <Area {...optional('employees')} hint={text.say('hint.employees')} required={false} rows={2} />
          <Area {...optional('thirdParties')} hint={text.say('hint.lines')} required={false} rows={2} />
          <div class="row">
            <Field {...optional('periodFrom')} type="date" />
            <Field {...optional('periodTo')} type="date" />
          </div>
        </fieldset>
        <button type="submit">{text.say('action.file')}</button>
      </form>
    </FormContext.Provider>
  );
}

export function Filed({ context: { text }, registered }: { context: PageContext; registered: Registered }): VNode {
  const { number, receivedAt } = registered.case;
  return (
    <>
      <p class="lead">{text.say('page.filed-lead')}</p>
      <dl class="facts card">
        <div>
          <dt>{text.say('field.number')}</dt>
          <dd class="code">{number}</dd>
        </div>
        {registered.accessCode && (
          <div>
            <dt>{text.say('field.accessCode')}</dt>
            <dd>
              <span class="code">{registered.accessCode}</span>
              <p class="hint">{text.say('hint.accessCode')}</p>
            </dd>
          </div>
        )}
        <div>
          <dt>{text.say('field.receivedAt')}</dt>
          <dd>
            <Moment at={receivedAt} text={text} />
          </dd>
        </div>
      </dl>
      {registered.accessCode && <p>{text.say('page.filed-next')}</p>}
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
  const open = followed.state === 'open';
  return (
    <dl class="facts card">
      <div>
        <dt>{text.say('field.number')}</dt>
        <dd class="code">{followed.number}</dd>
      </div>
      <div>
        <dt>{text.say('field.state')}</dt>
        <dd>
          <span class={`badge ${open ? 'open' : 'closed'}`}>{text.say(open ? 'follow.open' : 'follow.closed')}</span>
        </dd>
      </div>
      <div>
        <dt>{text.say('field.receivedAt')}</dt>
        <dd>
          <Moment at={new Date(followed.receivedAt)} text={text} />
        </dd>
      </div>
      {followed.closedAt && (
        <div>
          <dt>{text.say('field.closedAt')}</dt>
          <dd>
            <Moment at={new Date(followed.closedAt)} text={text} />
          </dd>
        </div>
      )}
    </dl>
  );
}

/** Asks for number and code of a case; `number` is what was asked for in vain, `example` how one looks, `button` what is done by it. */
export function NumberAndCode({
  context,
  action,
  example,
  number,
  button = context.text.say('action.follow'),
}: {
  context: PageContext;
  action: string;
  example: string;
  number?: string | undefined;
  button?: string;
}): VNode {
  const { text } = context;
  return (
    <form method="post" action={action} class="stack card">
      {number !== undefined && (
        <div class="faults" role="alert">
          <p>{text.say('follow.none')}</p>
        </div>
      )}
      <Csrf context={context} />
      <Field label={text.say('field.number')} name="number" required hint={example} value={number} />
      <Field
        label={text.say('field.accessCode')}
        name="code"
        required
        autocomplete="off"
        hint={text.say('hint.where-code')}
      />
      <button type="submit">{button}</button>
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
      {letterNumber && <p class="hint">{text.say('page.request-of-letter', { number: letterNumber })}</p>}
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
