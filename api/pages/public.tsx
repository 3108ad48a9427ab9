import type { VNode } from 'preact';
import type { Registered } from '../../core/inspection/intake.js';
import { Area, Choice, Field, Moment, type PageContext } from './layout.js';

/** Pages for who is not of the staff: file an application, follow it, answer a document request. */

export function Home({ context: { text } }: { context: PageContext }): VNode {
  return (
    <>
      <p class="lead">{text.say('page.home-lead')}</p>
      <ul class="cards">
        <li>
          <a href="/apply">{text.say('page.apply')}</a>
          <p>{text.say('page.apply-lead')}</p>
        </li>
        <li>
          <a href="/follow">{text.say('page.follow')}</a>
          <p>{text.say('page.follow-lead')}</p>
        </li>
        <li>
          <a href="/cases">{text.say('page.cases')}</a>
          <p>{text.say('page.cases-lead')}</p>
        </li>
      </ul>
    </>
  );
}

export function Apply({ context: { text }, key }: { context: PageContext; key: string }): VNode {
  const kinds = ['individualApplication', 'legalEntityApplication', 'stateBodyApplication'] as const;
  return (
    <form method="post" action="/apply" class="stack">
      <input type="hidden" name="idempotencyKey" value={key} />
      <Choice
        label={text.say('field.triggerKind')}
        name="triggerKind"
        options={kinds.map((kind) => [kind, text.say(`trigger.${kind}`)])}
      />
      <Field label={text.say('field.senderName')} name="senderName" required maxLength={300} autocomplete="name" />
      <Field label={text.say('field.iin')} name="iin" inputmode="numeric" maxLength={12} hint={text.say('hint.iin')} />
      <Field label={text.say('field.bin')} name="bin" inputmode="numeric" maxLength={12} hint={text.say('hint.bin')} />
      <Field
        label={text.say('field.email')}
        name="email"
        type="email"
        autocomplete="email"
        hint={text.say('hint.email')}
      />
      <Field label={text.say('field.phone')} name="phone" type="tel" autocomplete="tel" />
      <Area label={text.say('field.facts')} name="facts" hint={text.say('hint.facts')} rows={6} />
      <Area
        label={text.say('field.employees')}
        name="employees"
        hint={text.say('hint.employees')}
        required={false}
        rows={2}
      />
      <Area
        label={text.say('field.thirdParties')}
        name="thirdParties"
        hint={text.say('hint.lines')}
        required={false}
        rows={2}
      />
      <div class="row">
        <Field label={text.say('field.periodFrom')} name="periodFrom" type="date" />
        <Field label={text.say('field.periodTo')} name="periodTo" type="date" />
      </div>
      <button type="submit">{text.say('action.file')}</button>
    </form>
  );
}

export function Filed({ context: { text }, registered }: { context: PageContext; registered: Registered }): VNode {
  return (
    <>
      <p class="lead">{text.say('page.filed-lead')}</p>
      <dl class="facts">
        <dt>{text.say('field.number')}</dt>
        <dd>
          <strong>{registered.case.number}</strong>
        </dd>
        <dt>{text.say('field.receivedAt')}</dt>
        <dd>
          <Moment at={registered.case.receivedAt} text={text} />
        </dd>
        {registered.accessCode && (
          <>
            <dt>{text.say('field.accessCode')}</dt>
            <dd>
              <strong>{registered.accessCode}</strong>
              <p>{text.say('hint.accessCode')}</p>
            </dd>
          </>
        )}
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

export function Follow({ context: { text }, followed }: { context: PageContext; followed: Followed | null }): VNode {
  if (followed)
    return (
      <dl class="facts">
        <dt>{text.say('field.number')}</dt>
        <dd>{followed.number}</dd>
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
  return (
    <form method="post" action="/follow" class="stack">
      <Field label={text.say('field.number')} name="number" required placeholder="INS-2026-000017" />
      <Field
        label={text.say('field.accessCode')}
        name="code"
        required
        autocomplete="off"
        hint={text.say('hint.accessCode')}
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
      {context.person && <input type="hidden" name="_csrf" value={context.csrf} />}
      <h2>{text.say(`document.${kind}`)}</h2>
      {letterNumber && <p>{text.say('page.request-of-letter', { number: letterNumber })}</p>}
      {question && <p class="text">{question}</p>}
      {kind === 'hrSanctionsCertificate' && (
        <Choice
          label={text.say('field.sanctionsPresent')}
          name="sanctionsPresent"
          options={[
            ['false', text.say('field.sanctions-none')],
            ['true', text.say('field.sanctions-some')],
          ]}
        />
      )}
      <Field
        label={text.say('field.file')}
        name="file"
        type="file"
        required
        hint={text.say('hint.file')}
        accept=".pdf,.png,.jpg,.jpeg,.docx,.xlsx,.txt,.csv"
      />
      <button type="submit">{text.say('action.send')}</button>
    </form>
  );
}
