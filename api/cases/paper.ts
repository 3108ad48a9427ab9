import type { Organisation } from '../../config/index.js';
import { isUncounted } from '../../core/clock-truth.js';
import type { StoredClock } from '../../core/clocks.js';
import type { DiagramPath } from '../../core/case-path.js';
import { unitLabel } from '../../core/inspection/units.js';
import { titleOf } from '../../core/letter-template.js';
import type { Paper, PaperBlock } from '../../core/paper-pdf.js';
import { dayReason, rowInWords, termInWords } from '../../core/term-words.js';
import type { Text } from '../../core/text.js';
import {
  legalBasisOf,
  type AccessRequestFile,
  type InspectionFile,
  type OpenFile,
  type TechnicalRequestFile,
} from './views.js';

export interface Printed<File extends OpenFile = OpenFile> {
  text: Text;
  organisation: Organisation;
  file: File;
  paths: readonly DiagramPath[];
  at: Date;
  /** Who prints it. */
  reader: string;
}

/** A whole case file as its page shows it, to be put on paper: all parts, the trail to its last entry. Documents are named by their hashes. */
export function casePaper(printed: Printed): Paper {
  const { text, organisation, file, at, reader } = printed;
  const { number } = file.opened.record;
  const title = text.say('page.case', { number });
  return {
    language: text.language,
    title,
    author: organisation.name[text.language],
    foot: `${title} · ${text.say('paper.printed', { who: reader, moment: text.moment(at) })}`,
    at,
    blocks: [
      ...overviewOf(printed),
      ...clocks(printed),
      ...path(printed),
      ...('inspection' in file ? employees({ ...printed, file }) : []),
      ...papers(printed),
      ...('inspection' in file ? conclusions({ ...printed, file }) : []),
      ...trail(printed),
    ],
  };
}

function overviewOf(printed: Printed): PaperBlock[] {
  const { file } = printed;
  if ('inspection' in file) return overview({ ...printed, file });
  return 'accessRequest' in file
    ? overviewOfRequest({ ...printed, file })
    : overviewOfTechnicalRequest({ ...printed, file });
}

function facts(...rows: (readonly [name: string, value: string | null | undefined | false])[]): PaperBlock {
  return { kind: 'facts', rows: rows.flatMap(([name, value]) => (value ? [[name, value] as const] : [])) };
}

/** A part with its heading; nothing where it is empty. */
function part(heading: string, blocks: readonly PaperBlock[]): PaperBlock[] {
  const held = blocks.filter((block) => !('rows' in block) || block.rows.length > 0);
  return held.length === 0 ? [] : [{ kind: 'heading', text: heading }, ...held];
}

/** What the overview of every request says. */
function basics({ text, organisation, file }: Pick<Printed, 'text' | 'organisation' | 'file'>) {
  const { record } = file.opened;
  return [
    [text.say('field.state'), text.say(`state.${record.state}`)],
    [text.say('field.outcome'), record.outcome && text.say(`outcome.${record.outcome}`)],
    [text.say('field.receivedAt'), text.moment(record.receivedAt)],
    [text.say('field.closedAt'), record.closedAt && text.moment(record.closedAt)],
    [text.say('field.voidReason'), file.voidReason],
    [text.say('field.legalBasis'), legalBasisOf(record, organisation, text.language)],
    [text.say('field.purpose'), record.purpose],
  ] as const;
}

/** What is asked or reported, what was done and answered; who asked is on the page alone. */
function overviewOfTechnicalRequest({ text, organisation, file }: Printed<TechnicalRequestFile>): PaperBlock[] {
  const { source, channel, concerns, relatesTo, subject, classified, fulfilled, defectSettled, resolutions, defect } =
    file.technicalRequest;
  return [
    facts(
      ...basics({ text, organisation, file }),
      [text.say('field.source'), text.say(`technical.source.${source}`)],
      [text.say('field.channel'), text.say(`technical.channel.${channel}`)],
      [text.say('field.concerns'), concerns && text.say(`technicalConcern.${concerns}`)],
      [text.say('field.relatesTo'), relatesTo],
      [text.say('field.subject'), subject],
      [text.say('field.text'), file.technicalRequest.text],
      [
        text.say('technical.classified'),
        classified && `${text.say(`technical.as.${classified.as}`)}, ${text.moment(classified.at)}`,
      ],
      [
        text.say('technical.fulfilled'),
        fulfilled && `${text.say(`technicalDone.${fulfilled.as}`)}, ${text.moment(fulfilled.at)}`,
      ],
      [text.say('technical.defect'), defect && `${defect.reference}, ${text.say(`technical.scope.${defect.scope}`)}`],
      [
        text.say('technical.defect-settled'),
        defectSettled && `${text.say(`technicalDone.${defectSettled.as}`)}, ${text.moment(defectSettled.at)}`,
      ],
    ),
    ...part(text.say('case.resolution'), [
      facts(...resolutions.map(({ text: words, at }) => [text.moment(at), words] as const)),
    ]),
  ];
}

/** What is asked for and how each system was decided; for whom is on the page alone. */
function overviewOfRequest({ text, organisation, file }: Printed<AccessRequestFile>): PaperBlock[] {
  const { kind, applicant, decisions, answeredAt, withdrawnAt } = file.accessRequest;
  return [
    facts(
      ...basics({ text, organisation, file }),
      [text.say('field.requestKind'), text.say(`access.kind.${kind}`)],
      [text.say('access.applicant'), [applicant.name, applicant.bin].filter(Boolean).join(', ')],
      [text.say('access.answered'), answeredAt && text.moment(answeredAt)],
      [text.say('access.withdrawn'), withdrawnAt && text.moment(withdrawnAt)],
    ),
    ...part(text.say('case.decisions'), [
      facts(
        ...decisions.map(
          ({ system, outcome, ground }) =>
            [
              organisation.access.systems.find(({ code }) => code === system)?.name[text.language] ?? system,
              [text.say(`access.outcome.${outcome}`), ground && text.say(`missingBasis.${ground}`)]
                .filter(Boolean)
                .join(', '),
            ] as const,
        ),
      ),
    ]),
  ];
}

function overview({ text, organisation, file }: Printed<InspectionFile>): PaperBlock[] {
  const { record } = file.opened;
  const { trigger, screening, withdrawnAt, ...inspection } = file.inspection;
  const { senderName, senderIin, senderBin, senderEmail, senderPhone } = trigger;
  return [
    facts(
      [text.say('field.state'), text.say(`state.${record.state}`)],
      [text.say('field.outcome'), record.outcome && text.say(`outcome.${record.outcome}`)],
      [text.say('field.unit'), unitLabel(organisation, file.inspection)[text.language]],
      [text.say('field.receivedAt'), text.moment(record.receivedAt)],
      [text.say('field.closedAt'), record.closedAt && text.moment(record.closedAt)],
      [text.say('field.voidReason'), file.voidReason],
      [text.say('field.legalBasis'), legalBasisOf(record, organisation, text.language)],
      [text.say('field.purpose'), record.purpose],
      [text.say('field.triggerKind'), text.say(`trigger.${trigger.kind}`)],
      [
        text.say('case.sender'),
        [senderName, senderIin, senderBin, senderEmail, senderPhone].filter(Boolean).join(', '),
      ],
      [text.say('case.facts'), [trigger.facts].flat().filter(Boolean).join('\n')],
      [text.say('case.named'), trigger.namedEmployees.join('; ')],
      [text.say('field.thirdParties'), trigger.thirdParties.join('; ')],
      [text.say('case.screening'), screening && text.say(`screening.${screening.result}`)],
      [text.say('case.screening-reason'), inspection.screeningReason],
      [text.say('case.no-extract-reason'), inspection.noExtractReason],
    ),
    ...(withdrawnAt ? [{ kind: 'paragraph' as const, text: text.say('case.withdrawn') }] : []),
  ];
}

function clocks({ text, file }: Printed): PaperBlock[] {
  const names = ['rule', 'startedAt', 'targetAt', 'dueAt', 'stoppedAt', 'kept'];
  const stamp = (at: Date | null): string => (at ? text.stamp(at) : '—');
  return part(text.say('case.clocks'), [
    {
      kind: 'table',
      heads: names.map((name) => text.say(`clock.${name}`)),
      rows: file.clocks.map((clock) => [
        `${clock.rule} ${text.say(`rule.${clock.rule}`)}`,
        stamp(clock.startedAt),
        clock.targetAt ? text.stamp(clock.targetAt) : text.say(isUncounted(clock) ? 'clock.uncounted' : 'clock.silent'),
        stamp(clock.dueAt),
        stamp(clock.stoppedAt),
        clock.state === 'cancelled'
          ? text.say(`clock.was-${clock.cancelledAs ?? 'cancelled'}`)
          : clock.kept === null
            ? text.say('clock.running')
            : text.say(clock.kept ? 'clock.was-kept' : 'clock.was-broken'),
      ]),
    },
    facts(
      ...file.clocks.map(
        (clock) => [text.say('term.explained', { rule: clock.rule }), explained(clock, text)] as const,
      ),
    ),
  ]);
}

/** How a clock came about, in a few lines: the event and what the term is, the row and the calendars, each day with its reason. */
function explained(clock: StoredClock, text: Text): string {
  const { row, days, zone, calendarVersions, startedAt } = clock;
  return [
    `${text.say('term.event')}: ${text.moment(startedAt)}; ${termInWords(row, clock, text)}; ${zone}`,
    [rowInWords(clock, text), calendarVersions.join(', ')].filter(Boolean).join('; '),
    days.map((day) => `${text.date(day.date)}: ${dayReason(day, text)}`).join('; '),
  ]
    .filter(Boolean)
    .join('\n');
}

function path({ text, paths }: Printed): PaperBlock[] {
  return part(
    text.say('case.diagram'),
    paths.map(({ diagram, steps }) =>
      facts(
        ...steps.map(
          ({ elementId, state, at }) =>
            [
              diagram.elements.get(elementId)!.name,
              `${text.say(`diagram.${state}`)}${at ? `, ${text.stamp(at)}` : ''}`,
            ] as const,
        ),
      ),
    ),
  );
}

function employees({ text, file }: Printed<InspectionFile>): PaperBlock[] {
  const { lines, measures, signs } = file.inspection;
  const nameOf = (employeeId: string): string => file.employees.get(employeeId)?.fullName ?? employeeId;
  const lineName = (lineId: string): string =>
    nameOf(lines.find((line) => line.lineId === lineId)?.employeeId ?? lineId);
  return [
    ...part(
      text.say('case.employees'),
      lines.map(({ employeeId, finding }) =>
        facts(
          [nameOf(employeeId), file.employees.get(employeeId)?.position ?? '—'],
          [
            text.say('field.finding'),
            finding && text.say(finding.transferConfirmed ? 'finding.confirmed' : 'finding.notConfirmed'),
          ],
          [text.say('field.reasoning'), finding?.reasoning],
        ),
      ),
    ),
    ...part(text.say('case.signs'), [
      facts(
        ...signs.map(
          ({ kinds, revealedAt }) =>
            [text.moment(revealedAt), kinds.map((kind) => text.say(`sign.${kind}`)).join(', ')] as const,
        ),
      ),
    ]),
    ...part(text.say('case.measures'), [
      facts(
        ...measures.map(
          ({ lineId, kind, legalGround, decidedOn }) =>
            [lineName(lineId), `${kind} (${legalGround}), ${text.date(decidedOn)}`] as const,
        ),
      ),
    ]),
  ];
}

function papers({ text, file }: Printed): PaperBlock[] {
  const kindOf = (kind: string): string =>
    text.say(text.has(`document.${kind}`) ? `document.${kind}` : 'document.material');
  const stamp = (at: Date | null): string => (at ? text.stamp(at) : '—');
  return [
    ...part(text.say('case.documents'), [
      {
        kind: 'table',
        heads: ['kind', 'addressee', 'letter', 'requestedAt', 'state'].map((name) => text.say(`request.${name}`)),
        rows: file.requests.map((request) => [
          kindOf(request.kind),
          file.employees.get(request.addresseeId)?.fullName ?? request.addresseeId,
          request.letterNumber ?? '—',
          stamp(request.requestedAt),
          [text.say(`request.${request.state}`), request.nonReceipt?.reason].filter(Boolean).join(': '),
        ]),
      },
      {
        kind: 'table',
        heads: [text.say('paper.document'), text.say('request.kind'), text.say('paper.added'), 'SHA-256'],
        rows: file.documents.map((document) => [
          document.name,
          kindOf(document.kind),
          `${document.addedBy}, ${text.stamp(document.addedAt)}`,
          document.sha256,
        ]),
      },
    ]),
    ...part(text.say('case.letters'), [
      {
        kind: 'table',
        heads: ['number', 'title', 'state', 'sentAt'].map((name) => text.say(`letter.${name}`)),
        rows: file.letters.map((letter) => [
          letter.number,
          titleOf(letter, text.language),
          text.say(`letter.state.${letter.state}`),
          stamp(letter.sentAt),
        ]),
      },
    ]),
  ];
}

function conclusions({ text, file }: Printed<InspectionFile>): PaperBlock[] {
  return part(
    text.say('case.conclusion'),
    file.inspection.conclusions.map(({ number, signedAt, author, sha256, supersededBy }) =>
      facts(
        [number, text.moment(signedAt)],
        [text.say('case.conclusion-by', { who: author }), `SHA-256 ${sha256}`],
        [number, supersededBy && text.say('case.conclusion-superseded')],
      ),
    ),
  );
}

/** Entries one below the other, not as a table: a table of thousands of rows takes pdfmake minutes. */
function trail({ text, file }: Printed): PaperBlock[] {
  return part(text.say('case.trail'), [
    facts(
      ...file.trail.map(({ seq, at, by, type, data, hash }) => {
        const told = Object.entries(data)
          .filter(([, value]) => value !== '' && value !== null)
          .map(([name, value]) => `${name} ${[value].flat().join(', ')}`);
        return [`${seq} · ${text.stamp(at)} · ${by.id} · ${type}`, [...told, hash].join('; ')] as const;
      }),
    ),
  ]);
}
