import type { VNode } from 'preact';
import { systemName } from './case-access.js';
import { Area, Choice, Faults, Field, FormContext, type Refused } from './fields.js';
import { technicalFieldOf } from './labels.js';
import { Csrf, type PageContext } from './layout.js';
import { concerns } from '../../core/technical-request/model.js';
import { origins } from './technical-forms.js';

/** Feedback page for everybody (R14), and the same for an operator who was called or written to (R13), or whom monitoring told (R12). */
export function TechnicalRequestForm({
  context,
  idempotencyKey,
  operator,
  refused = null,
}: {
  context: PageContext;
  idempotencyKey: string;
  operator: boolean;
  refused?: Refused | null;
}): VNode {
  const { text, organisation } = context;
  const shown = (name: string, hint?: string) => ({
    name,
    label: fieldLabel(context, name),
    ...(hint ? { hint: text.say(hint) } : {}),
  });
  const optional = (name: string, hint?: string) => ({ ...shown(name, hint), optional: text.say('field.optional') });
  // AMB-TECH-08: whatever a request is written in, its answer is in one of the two.
  const language = (
    <Choice
      {...shown('language')}
      value={operator || text.language === 'kk' ? 'kk' : 'ru'}
      options={(['kk', 'ru'] as const).map((each) => [each, text.say(`language.${each}`)])}
    />
  );
  const support = operator ? undefined : organisation.technicalSupport;
  return (
    <FormContext.Provider value={{ id: 'field', refused }}>
      <p class="lead">{text.say(operator ? 'technicalForm.operator-lead' : 'technicalForm.lead')}</p>
      {support && (
        <p>
          {text.say('technicalForm.support')}{' '}
          <a href={`tel:${support.phone.replace(/[^+\d]/g, '')}`}>{support.phone}</a>,{' '}
          <a href={`mailto:${support.email}`}>{support.email}</a>
        </p>
      )}
      <form
        method="post"
        action={operator ? '/technical-requests/register' : '/technical-requests/new'}
        enctype="multipart/form-data"
        class="stack wide"
      >
        <Faults text={text} />
        <Csrf context={context} />
        <input type="hidden" name="idempotencyKey" value={idempotencyKey} />
        {operator && (
          <fieldset class="card stack">
            <legend>{text.say('technicalForm.receipt')}</legend>
            <div class="row">
              <Choice
                {...shown('origin')}
                empty={text.say('field.choose')}
                options={origins.map(({ key, word }) => [key, text.say(word)])}
              />
              <Field {...shown('receivedAt', 'technicalForm.receivedAt')} type="datetime-local" required />
              {language}
              <Field {...optional('relatesTo', 'technicalForm.relatesTo')} maxLength={15} />
            </div>
          </fieldset>
        )}
        <fieldset class="card stack">
          <legend>{text.say('technical.reporter')}</legend>
          {operator && <p class="hint">{text.say('technicalForm.only-user')}</p>}
          <div class="row">
            {operator ? (
              <>
                <Field {...shown('reporter.surname')} maxLength={300} />
                <Field {...shown('reporter.name')} maxLength={300} />
                <Field {...optional('reporter.middleName')} maxLength={300} />
                <Field {...shown('reporter.position')} maxLength={300} />
                <Field {...shown('reporter.login')} maxLength={64} />
                <Field {...shown('reporter.phone')} type="tel" maxLength={20} />
              </>
            ) : (
              <Field {...shown('reporter.contactInfo', 'technicalForm.contactInfo')} maxLength={300} required />
            )}
            <Field {...shown('reporter.email')} type="email" maxLength={254} required={!operator} />
            {!operator && language}
          </div>
        </fieldset>
        <fieldset class="card stack">
          <legend>{text.say('technicalForm.what')}</legend>
          <Choice
            {...optional('system')}
            required={false}
            empty={text.say('field.choose')}
            options={organisation.access.systems.map(({ code }) => [code, systemName(context, code)])}
          />
          <Choice
            {...optional('concerns', 'technicalForm.concerns')}
            required={false}
            empty={text.say('field.choose')}
            options={concerns.map((each) => [each, text.say(`technicalConcern.${each}`)])}
          />
          {!operator && <Field {...shown('subject')} maxLength={300} required />}
          <Area {...shown('text')} rows={8} />
          <Field {...optional('attachment', 'accessForm.copy')} type="file" accept=".pdf,.png,.jpg,.jpeg" />
        </fieldset>
        <button type="submit">{text.say('action.file')}</button>
      </form>
    </FormContext.Provider>
  );
}

function fieldLabel({ text }: PageContext, path: string): string {
  const word = technicalFieldOf(text, path);
  return word.charAt(0).toLocaleUpperCase(text.language) + word.slice(1);
}
