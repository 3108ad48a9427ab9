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

export function Section({ title, children }: { title: string; children: ComponentChildren }): VNode {
  return (
    <section>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** A table that scrolls by itself where the screen is narrow. */
export function Table({
  label,
  heads,
  children,
}: {
  label: string;
  heads: readonly string[];
  children: ComponentChildren;
}): VNode {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            {heads.map((head) => (
              <th scope="col">{head}</th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
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

/** Rows of a definition list; a row without a value isn't shown. */
export function Facts({ rows }: { rows: readonly (readonly [name: string, value: ComponentChildren])[] }): VNode {
  return <dl class="facts">{rows.flatMap(([name, value]) => (value ? [<dt>{name}</dt>, <dd>{value}</dd>] : []))}</dl>;
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
