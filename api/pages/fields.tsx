import { createContext, type ComponentChildren, type VNode } from 'preact';
import { useContext } from 'preact/hooks';
import type { Text } from '../../core/text.js';

/** A form that was sent and refused: what was typed into it, and what is wrong. */
export interface Refused {
  title: string;
  values: Readonly<Record<string, readonly string[]>>;
  /** What stands beside a field for a file: no browser sends back a file that was chosen. */
  fileLost: string;
  /** In the order in which they were found; `name` is the field's in the form, `label` what the page calls it. */
  faults: readonly { name: string; label: string; detail: string }[];
}

/**
 * The form in which fields stand, for those that may come back refused: what the ids of its fields begin with, and the refusal. Its fields
 * then show what was typed and what is wrong with it.
 */
export const FormContext = createContext<{ id: string; refused: Refused | null } | null>(null);

/** What a field of a form shows beside its label: within the label, so that a screen reader says it with the field. */
interface Shown {
  label: string;
  name: string;
  /** What would be right. */
  hint?: string;
  /** What stands for a field that need not be filled in, in the reader's language. */
  optional?: string;
}

/** Where a field stands in its form, and what of the refusal belongs to it. */
function useField(name: string) {
  const form = useContext(FormContext);
  const refused = form?.refused ?? null;
  const fault = refused?.faults.find((each) => each.name === name)?.detail;
  const id = form ? `${form.id}-${name}` : undefined;
  return {
    id,
    fault,
    fileLost: refused?.fileLost,
    /** What was typed; what `given` says where nothing was refused. */
    typed: (given: string | undefined) => (refused ? (refused.values[name]?.[0] ?? '') : given),
    chosen: (value: string) => refused?.values[name]?.includes(value) ?? false,
    /** Tells the field's control, and who reads it out, that something is wrong. The first such control is gone to. */
    control: fault
      ? {
          'aria-invalid': 'true' as const,
          'aria-describedby': `${id}-fault`,
          autofocus: refused?.faults[0]?.name === name,
        }
      : {},
  };
}

/** A labelled field; what `children` don't bring is an `input` of the remaining properties. */
export function Field({
  label,
  name,
  hint,
  optional,
  children,
  value,
  ...input
}: Shown & { children?: ComponentChildren; value?: string } & Record<string, unknown>): VNode {
  const { id, fault, fileLost, typed, control } = useField(name);
  return (
    <div class="field" id={id}>
      <label>
        <span>
          {label}
          {optional && <span class="optional"> ({optional})</span>}
        </span>
        {hint && <small>{hint}</small>}
        {fileLost && input['type'] === 'file' && <small class="fault">{fileLost}</small>}
        {children ?? (
          <input name={name} value={input['type'] === 'file' ? undefined : typed(value)} {...control} {...input} />
        )}
      </label>
      <FaultOf id={id} fault={fault} />
    </div>
  );
}

function FaultOf({ id, fault }: { id: string | undefined; fault: string | undefined }): VNode | null {
  return fault ? (
    <small class="fault" id={`${id}-fault`}>
      {fault}
    </small>
  ) : null;
}

/** A field of several lines. */
export function Area({
  required = true,
  rows = 4,
  value = '',
  ...shown
}: Shown & { required?: boolean; rows?: number; value?: string }): VNode {
  const { typed, control } = useField(shown.name);
  return (
    <Field {...shown}>
      <textarea name={shown.name} rows={rows} required={required} maxLength={10_000} {...control}>
        {typed(value)}
      </textarea>
    </Field>
  );
}

/** A choice of one; `empty` is what stands for none where it need not be made. */
export function Choice({
  options,
  required = true,
  empty = '',
  value,
  many = false,
  ...shown
}: Shown & {
  options: readonly (readonly [value: string, label: string])[];
  required?: boolean;
  empty?: string;
  value?: string;
  /** Any number of them, in a list. */
  many?: boolean;
}): VNode {
  const { typed, chosen: isChosen, control } = useField(shown.name);
  const chosen = typed(value);
  return (
    <Field {...shown}>
      <select name={shown.name} required={required} {...(many ? { multiple: true, size: 6 } : {})} {...control}>
        {!many && (!required || options.length !== 1) && <option value="">{empty}</option>}
        {options.map(([key, label]) => (
          <option value={key} selected={many ? isChosen(key) : key === chosen}>
            {label}
          </option>
        ))}
      </select>
    </Field>
  );
}

/** A choice of any number, as boxes. */
export function Checks({
  label,
  name,
  options,
}: {
  label: string;
  name: string;
  options: readonly (readonly [value: string, label: string])[];
}): VNode {
  const { id, fault, chosen, control } = useField(name);
  const { autofocus, ...said } = control as { autofocus?: boolean };
  return (
    <fieldset class="field" id={id} {...said}>
      <legend>{label}</legend>
      {options.map(([value, shown], index) => (
        <label>
          <input
            type="checkbox"
            name={name}
            value={value}
            checked={chosen(value)}
            autofocus={index === 0 && autofocus}
          />{' '}
          {shown}
        </label>
      ))}
      <FaultOf id={id} fault={fault} />
    </fieldset>
  );
}

/** What is wrong, above a form, with a link to each field; `hidden` names fields that nobody sees. What is wrong with a field stands beside it too. */
export function Faults({ text, hidden = [] }: { text: Text; hidden?: readonly string[] }): VNode | null {
  const form = useContext(FormContext);
  if (!form?.refused) return null;
  const { title, faults } = form.refused;
  const seen = faults.some(({ name }) => !hidden.includes(name));
  return (
    <div class="faults" role="alert" id={`${form.id}-faults`} {...(seen ? {} : { tabIndex: -1, autofocus: true })}>
      <p>
        <strong>{faults.length > 0 ? text.say('apply.faults', { count: faults.length }) : title}</strong>
      </p>
      {faults.length > 0 && (
        <ul>
          {faults.map(({ name, label, detail }) => (
            <li>
              {hidden.includes(name) ? label : <a href={`#${form.id}-${name}`}>{label}</a>}: {detail}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
