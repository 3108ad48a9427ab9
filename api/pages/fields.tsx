import type { ComponentChildren, VNode } from 'preact';

/** What a field of a form shows beside its label. It is all within the label, so that a screen reader says it with the field. */
interface Shown {
  label: string;
  name: string;
  /** Where a link to the field leads. */
  id?: string;
  /** What would be right. */
  hint?: string;
  /** What stands for a field that need not be filled in, in the reader's language. */
  optional?: string;
  /** What is wrong with the value that was sent, in the reader's language. */
  fault?: string;
}

/** A labelled field; what `children` don't bring is an `input` of the remaining properties. */
export function Field({
  label,
  name,
  id,
  hint,
  fault,
  optional,
  children,
  ...input
}: Shown & { children?: ComponentChildren } & Record<string, unknown>): VNode {
  return (
    <label class="field" id={id}>
      <span>
        {label}
        {optional && <span class="optional"> ({optional})</span>}
      </span>
      {hint && <small>{hint}</small>}
      {fault && <small class="fault">{fault}</small>}
      {children ?? <input name={name} aria-invalid={invalid(fault)} {...input} />}
    </label>
  );
}

/** A field of several lines. */
export function Area({
  required = true,
  rows = 4,
  value = '',
  ...shown
}: Shown & { required?: boolean; rows?: number; value?: string }): VNode {
  return (
    <Field {...shown}>
      <textarea
        name={shown.name}
        rows={rows}
        required={required}
        maxLength={10_000}
        aria-invalid={invalid(shown.fault)}
      >
        {value}
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
  ...shown
}: Shown & {
  options: readonly (readonly [value: string, label: string])[];
  required?: boolean;
  empty?: string;
  value?: string;
}): VNode {
  return (
    <Field {...shown}>
      <select name={shown.name} required={required} aria-invalid={invalid(shown.fault)}>
        {(!required || options.length !== 1) && <option value="">{empty}</option>}
        {options.map(([key, label]) => (
          <option value={key} selected={key === value}>
            {label}
          </option>
        ))}
      </select>
    </Field>
  );
}

function invalid(fault: string | undefined): 'true' | undefined {
  return fault ? 'true' : undefined;
}
