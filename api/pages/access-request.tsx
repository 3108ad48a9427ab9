import type { VNode } from 'preact';
import { basisTypes, repeatReasons, requestKinds } from '../../core/access-request/model.js';
import { mostRows } from './access-forms.js';
import { systemName } from './case-access.js';
import { Checks, Choice, Faults, Field, FormContext, type Refused } from './fields.js';
import { requestFieldOf } from './labels.js';
import { Csrf, type PageContext } from './layout.js';

/** Pages for who asks for access to information systems: the form of Appendix 2, and what completes it. */

export function AccessRequestForm({
  context,
  idempotencyKey,
  rows,
  refused = null,
}: {
  context: PageContext;
  idempotencyKey: string;
  /** How many users there is room for. */
  rows: number;
  /** What was typed before; without faults where a row was added. */
  refused?: Refused | null;
}): VNode {
  const { text } = context;
  const field = (name: string, changes: Changes = {}) => <RequestField {...{ context, name, ...changes }} />;
  return (
    <FormContext.Provider value={{ id: 'field', refused }}>
      <p class="lead">{text.say('accessForm.lead')}</p>
      <form method="post" action="/access-requests/new" enctype="multipart/form-data" class="stack wide">
        {refused && refused.faults.length > 0 && <Faults text={text} />}
        <Csrf context={context} />
        <input type="hidden" name="idempotencyKey" value={idempotencyKey} />
        <input type="hidden" name="rows" value={rows} />
        <fieldset class="card stack">
          <legend>{text.say('accessForm.request')}</legend>
          {field('kind', { required: true })}
          {field('repeatReason', { hint: 'accessForm.only-for-repeat' })}
        </fieldset>
        <fieldset class="card stack">
          <legend>{text.say('access.applicant')}</legend>
          {field('applicant.name', { required: true })}
          <div class="row">
            {field('applicant.bin', { required: true })}
            {field('applicant.replyEmail', { required: true })}
            {field('applicant.letterRefNo', { optional: true })}
            {field('applicant.letterDate', { optional: true })}
            {field('applicant.headFullName')}
            {field('applicant.headSignature', { hint: 'accessForm.signature' })}
          </div>
        </fieldset>
        <fieldset class="card stack">
          <legend>{text.say('access.basis')}</legend>
          <div class="row">
            {field('basis.type')}
            {field('basis.number')}
            {field('basis.date')}
          </div>
          {field('copy')}
        </fieldset>
        {Array.from({ length: rows }, (_, row) => (
          <UserRow context={context} row={row} />
        ))}
        {/* The first button is what Enter presses. */}
        <p>
          <button type="submit">{text.say('action.file')}</button>{' '}
          {rows < mostRows && (
            <button
              type="submit"
              class="quiet"
              formaction="/access-requests/new/rows"
              formenctype="application/x-www-form-urlencoded"
              formnovalidate
            >
              {text.say('accessForm.add')}
            </button>
          )}
        </p>
      </form>
    </FormContext.Provider>
  );
}

function UserRow({ context, row }: { context: PageContext; row: number }): VNode {
  const { text, organisation } = context;
  const at = `users[${row}]`;
  const field = (name: string, changes: Changes = {}) => (
    <RequestField {...{ context, name: `${at}.${name}`, ...changes }} />
  );
  const rights = organisation.access.systems.flatMap((system) =>
    system.functions.map(
      (own) =>
        [
          `${system.code}/${own.code}`,
          `${systemName(context, system.code)}: ${own.name[text.language] ?? own.code}`,
        ] as const,
    ),
  );
  return (
    <fieldset class="card stack">
      <legend>{text.say('accessForm.user', { number: row + 1 })}</legend>
      <div class="row">
        {field('surname', { required: row === 0 })}
        {field('name', { required: row === 0 })}
        {field('middleName', { optional: true })}
        {field('iin', { required: row === 0 })}
        {field('login', { hint: 'accessForm.login' })}
        {field('email', { optional: true, hint: 'accessForm.email' })}
        {field('position')}
        {field('division')}
        {field('officePhone')}
        {field('cellPhone')}
        {field('workstationIp')}
      </div>
      <Checks label={requestFieldLabel(context, 'rights')} name={`${at}.rights`} options={rights} />
    </fieldset>
  );
}

interface Changes {
  required?: boolean;
  optional?: boolean;
  /** Key of the catalogue. */
  hint?: string;
}

/** One field of the form, by its path in the API's body. */
export function RequestField({
  context,
  name,
  required = false,
  optional = false,
  hint,
}: Changes & { context: PageContext; name: string }): VNode {
  const { text } = context;
  const shown = {
    name,
    label: requestFieldLabel(context, name.replace(/^users\[\d+\]\./, '')),
    ...(hint ? { hint: text.say(hint) } : {}),
    ...(optional ? { optional: text.say('field.optional') } : {}),
  };
  const choose = (codes: readonly string[], words: string) => (
    <Choice
      {...shown}
      required={required}
      empty={text.say('field.choose')}
      options={codes.map((code) => [code, text.say(`${words}.${code}`)])}
    />
  );
  switch (name.split('.').at(-1)) {
    case 'kind':
      return choose(requestKinds, 'access.kind');
    case 'repeatReason':
      return choose(repeatReasons, 'access.repeat');
    case 'type':
      return choose(basisTypes, 'access.basis');
    case 'copy':
      return <Field {...shown} type="file" accept=".pdf,.png,.jpg,.jpeg" hint={text.say('accessForm.copy')} />;
    case 'date':
    case 'letterDate':
      return <Field {...shown} type="date" required={required} />;
    case 'email':
    case 'replyEmail':
      return <Field {...shown} type="email" maxLength={254} required={required} />;
    case 'bin':
    case 'iin':
      return <Field {...shown} inputmode="numeric" maxLength={12} required={required} />;
    case 'cellPhone':
      return <Field {...shown} type="tel" maxLength={20} required={required} />;
    default:
      return <Field {...shown} maxLength={300} required={required} />;
  }
}

function requestFieldLabel({ text }: PageContext, path: string): string {
  const word = requestFieldOf(text, path);
  return word.charAt(0).toLocaleUpperCase(text.language) + word.slice(1);
}

/** What a request lacks, and no more: nothing of what is in it is shown. */
export function CompletionForm({
  context,
  number,
  code,
  missing,
  refused = null,
}: {
  context: PageContext;
  number: string;
  code: string;
  /** Names of fields of the form, as {@link completionFields} has them. */
  missing: readonly string[];
  refused?: Refused | null;
}): VNode {
  const { text } = context;
  if (missing.length === 0) return <p class="lead">{text.say('completion.nothing')}</p>;
  const rows = [...new Set(missing.flatMap((name) => /^users\[\d+\]/.exec(name)?.[0] ?? []))];
  const input = (name: string) => <RequestField context={context} name={name} />;
  return (
    <FormContext.Provider value={{ id: 'field', refused }}>
      <p class="lead">{text.say('completion.lead', { number })}</p>
      <form method="post" action="/access-requests/completion" enctype="multipart/form-data" class="stack wide">
        <Faults text={text} hidden={['body', 'users']} />
        <Csrf context={context} />
        <input type="hidden" name="number" value={number} />
        <input type="hidden" name="code" value={code} />
        {missing.filter((name) => !name.startsWith('users[') && name !== 'copy').map(input)}
        {rows.map((at) => (
          <fieldset class="card stack">
            <legend>{text.say('accessForm.user', { number: Number(/\d+/.exec(at)?.[0]) + 1 })}</legend>
            {missing.filter((name) => name.startsWith(`${at}.`)).map(input)}
          </fieldset>
        ))}
        {missing.filter((name) => name === 'copy').map(input)}
        <button type="submit">{text.say('action.send')}</button>
      </form>
    </FormContext.Provider>
  );
}
