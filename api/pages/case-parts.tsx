import type { ComponentChildren, VNode } from 'preact';
import type { Action } from '../../core/rights.js';
import type { Text } from '../../core/text.js';
import type { CaseFile } from '../cases/views.js';
import { Csrf, type PageContext } from './layout.js';

/** What each part of the case file page is given. */
export interface Part {
  context: PageContext;
  file: CaseFile;
  /** What the reader may do on this case. */
  can: ReadonlySet<string>;
}

/** Employees to choose from: id and what is shown. */
export type Staff = readonly (readonly [id: string, shown: string])[];

/** The parts of the page in their order, by the anchor of each; the catalogue's key is `case.<part>`. */
export const partNames = [
  'clocks',
  'diagram',
  'trigger',
  'employees',
  'documents',
  'signs',
  'conclusion',
  'letters',
  'other',
  'trail',
] as const;
export type PartName = (typeof partNames)[number];

export function Section({ part, text, children }: { part: PartName; text: Text; children: ComponentChildren }): VNode {
  return (
    <section id={part} aria-labelledby={`${part}-title`}>
      <h2 id={`${part}-title`}>{text.say(`case.${part}`)}</h2>
      {children}
    </section>
  );
}

/**
 * A table whose rows are cards where the screen is narrow: each cell then carries its column's head. The roles are said because a browser
 * drops them when the style sheet takes a table apart.
 */
export function Table({
  label,
  heads,
  rows,
}: {
  label: string;
  heads: readonly string[];
  /** The first cell of a row is its head. */
  rows: readonly (readonly ComponentChildren[])[];
}): VNode {
  return (
    <table role="table" aria-label={label}>
      <thead role="rowgroup">
        <tr role="row">
          {heads.map((head) => (
            <th scope="col" role="columnheader">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map(([first, ...cells]) => (
          <tr role="row">
            <th scope="row" role="rowheader">
              {first}
            </th>
            {cells.map((cell, index) => (
              <td role="cell" data-label={heads[index + 1]}>
                {cell}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A state as a word; its colour says it once more. */
export function Badge({ kind = '', children }: { kind?: string; children: ComponentChildren }): VNode {
  return <span class={`badge ${kind}`.trim()}>{children}</span>;
}

/** A form of one command, folded until it is wanted; nothing where the reader may not, or the case is past it. */
export function Command({
  part: { context, file, can },
  action,
  name,
  title,
  when = true,
  children,
}: {
  part: Part;
  action: Action;
  name: string;
  title: string;
  when?: boolean;
  children?: ComponentChildren;
}): VNode | null {
  if (!when || !can.has(action)) return null;
  return (
    <details class="command">
      <summary>{title}</summary>
      <form method="post" action={`/cases/${file.opened.record.number}/${name}`} class="stack">
        <Csrf context={context} />
        {children}
        <button type="submit">{context.text.say('action.save')}</button>
      </form>
    </details>
  );
}

/** Rows of a definition list; a row without a value isn't shown. */
export function Facts({ rows }: { rows: readonly (readonly [name: string, value: ComponentChildren])[] }): VNode {
  return (
    <dl class="facts">
      {rows.flatMap(([name, value]) =>
        value
          ? [
              <div>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>,
            ]
          : [],
      )}
    </dl>
  );
}

export function nameOf(file: CaseFile, employeeId: string): string {
  return file.employees.get(employeeId)?.fullName ?? employeeId;
}

/** The employee that a line of the case is about; null for the case as a whole. */
export function employeeOfLine(file: CaseFile, lineId: string): string | null {
  const line = file.inspection.lines.find((candidate) => candidate.lineId === lineId);
  return line ? nameOf(file, line.employeeId) : null;
}

export function kindOf(text: Text, kind: string): string {
  return text.has(`document.${kind}`) ? text.say(`document.${kind}`) : text.say('document.material');
}

export function unitNameOf({ text, organisation }: PageContext, { inspection }: CaseFile): string {
  const { inspectingUnit, branchCode } = inspection;
  const branch = organisation.branches.find(({ code }) => inspectingUnit === 'branch' && code === branchCode);
  return (branch ?? organisation.centralOffice).name[text.language];
}
