import type { ComponentChildren, VNode } from 'preact';
import { employeeWords } from '../../core/employee-words.js';
import type { Action } from '../../core/rights.js';
import type { Text } from '../../core/text.js';
import type { AccessRequestFile, CaseFile, InspectionFile, TechnicalRequestFile } from '../cases/views.js';
import { Area, Faults, FormContext, type Refused } from './fields.js';
import { Csrf, type PageContext } from './layout.js';

/** What each part of the case file page is given. */
export interface Part<File extends CaseFile = CaseFile> {
  context: PageContext;
  file: File;
  /** What the reader may do on this case. */
  can: ReadonlySet<string>;
  /** The form of this page that was sent and refused; its id as {@link formId} has it. */
  refused?: (Refused & { form: string }) | undefined;
}

/** The id of a command's form: there may be one for each employee. */
export function formId(name: string, hidden: Readonly<Record<string, string>> = {}): string {
  return [name, ...Object.values(hidden)].join('-');
}

/** A part of the page under its heading; `listed` says whether the table of contents has it. */
export interface CasePart {
  name: PartName;
  /** How much is in it; null where that is not counted. */
  count: number | null;
  listed?: boolean;
  content: ComponentChildren;
}

/** What a process shows on the page of its case file: rows and notices of the overview, and parts of its own. */
export interface OwnParts {
  facts: (readonly [name: string, value: ComponentChildren])[];
  notices: ComponentChildren;
  parts: CasePart[];
}

export type InspectionPart = Part<InspectionFile>;
export type AccessRequestPart = Part<AccessRequestFile>;
export type TechnicalRequestPart = Part<TechnicalRequestFile>;

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
  'request',
  'users',
  'decisions',
  'resolution',
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

/**
 * A form of one command, folded until it is wanted; nothing where the reader may not, or the case is past it. One that was refused is open, with
 * what was typed, also where the case went past it meanwhile.
 */
export function Command({
  part: { context, file, can, refused: ofPage },
  action,
  name,
  title,
  hidden = {},
  when = true,
  submit = 'action.save',
  enctype,
  children,
}: {
  part: Part;
  action: Action;
  name: string;
  title: string;
  /** Fields that nobody sees: what the command is about. */
  hidden?: Readonly<Record<string, string>>;
  when?: boolean;
  /** Key of the button's word. */
  submit?: string;
  enctype?: string;
  children?: ComponentChildren;
}): VNode | null {
  const id = formId(name, hidden);
  const refused = ofPage?.form === id ? ofPage : null;
  if (!refused && (!when || !can.has(action))) return null;
  return (
    <details class="command" open={refused !== null}>
      <summary>{title}</summary>
      <FormContext.Provider value={{ id, refused }}>
        <form method="post" action={`/cases/${file.opened.record.number}/${name}`} enctype={enctype} class="stack">
          <Faults text={context.text} hidden={['body', ...Object.keys(hidden)]} />
          <Csrf context={context} />
          {Object.entries(hidden).map(([field, value]) => (
            <input type="hidden" name={field} value={value} />
          ))}
          {children}
          <button type="submit">{context.text.say(submit)}</button>
        </form>
      </FormContext.Provider>
    </details>
  );
}

/** Voiding a case that was registered by mistake, where nothing else stands in that part of the page. */
export function VoidCase(part: Part): VNode | null {
  const { text } = part.context;
  const { can, file, refused } = part;
  if (refused?.form !== 'void' && (!can.has('case.void') || file.opened.record.voidReason)) return null;
  return (
    <Section part="other" text={text}>
      <Command part={part} action="case.void" name="void" title={text.say('command.void')}>
        <Area label={text.say('field.reason')} name="reason" />
      </Command>
    </Section>
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

export function nameOf(text: Text, file: CaseFile, employeeId: string): string {
  const employee = file.employees.get(employeeId);
  return employee ? employeeWords(employee, text.language).name : employeeId;
}

/** The employee that a line of the case is about; null for the case as a whole. */
export function employeeOfLine(text: Text, file: CaseFile, lineId: string): string | null {
  const lines = 'inspection' in file.opened ? file.opened.inspection.lines : [];
  const line = lines.find((candidate) => candidate.lineId === lineId);
  return line ? nameOf(text, file, line.employeeId) : null;
}

export function kindOf(text: Text, kind: string): string {
  return text.has(`document.${kind}`) ? text.say(`document.${kind}`) : text.say('document.material');
}

export function unitNameOf({ text, organisation }: PageContext, { inspection }: InspectionFile): string {
  const { inspectingUnit, branchCode } = inspection;
  const branch = organisation.branches.find(({ code }) => inspectingUnit === 'branch' && code === branchCode);
  return (branch ?? organisation.centralOffice).name[text.language];
}
