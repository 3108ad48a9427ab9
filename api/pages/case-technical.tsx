import type { VNode } from 'preact';
import { classifications, defectScopes, isSettled } from '../../core/technical-request/model.js';
import { PlainPapers } from './case-papers.js';
import { systemName } from './case-access.js';
import { Command, Facts, Section, VoidCase, type OwnParts, type TechnicalRequestPart } from './case-parts.js';
import { Area, Choice, Field } from './fields.js';
import { Moment, Stamp } from './layout.js';

/** What the page of a case file shows of a technical request. */
export function technicalRequestParts(part: TechnicalRequestPart): OwnParts {
  const { text } = part.context;
  const { technicalRequest, documents } = part.file;
  const { source, channel, system, concerns, relatesTo, classified, fulfilled, defectSettled } = technicalRequest;
  const noted = (word: string | null, note: { at: Date } | null) =>
    note && (
      <>
        {word} <Stamp at={note.at} text={text} />
      </>
    );
  return {
    facts: [
      [text.say('field.source'), text.say(`technical.source.${source}`)],
      [text.say('field.channel'), text.say(`technical.channel.${channel}`)],
      [text.say('field.system'), system && systemName(part.context, system)],
      [text.say('field.concerns'), concerns && text.say(`technicalConcern.${concerns}`)],
      [text.say('field.relatesTo'), relatesTo && <a href={`/cases/${relatesTo}`}>{relatesTo}</a>],
      [text.say('technical.classified'), noted(classified && text.say(`technical.as.${classified.as}`), classified)],
      [text.say('technical.fulfilled'), noted(fulfilled && text.say(`technicalDone.${fulfilled.as}`), fulfilled)],
      [
        text.say('technical.defect-settled'),
        noted(defectSettled && text.say(`technicalDone.${defectSettled.as}`), defectSettled),
      ],
    ],
    notices: null,
    parts: [
      { name: 'request', count: null, content: <Request {...part} /> },
      { name: 'resolution', count: technicalRequest.resolutions.length, content: <Resolution {...part} /> },
      { name: 'documents', count: documents.length, content: <PlainPapers {...part} /> },
      { name: 'other', count: null, listed: false, content: <VoidCase {...part} /> },
    ],
  };
}

function Request({ context: { text }, file, can }: TechnicalRequestPart): VNode {
  const { number, reporter, subject, text: words, language } = file.technicalRequest;
  const { violations } = file;
  const { surname, name, middleName, position, login, phone, email, contactInfo } = reporter ?? {};
  const line = (...parts: (string | null | undefined)[]) => parts.filter(Boolean).join(', ');
  return (
    <Section part="request" text={text}>
      <Facts
        rows={[
          [
            text.say('technical.reporter'),
            reporter && (line([surname, name, middleName].filter(Boolean).join(' '), contactInfo) || '—'),
          ],
          [text.say('access.position'), line(position, login)],
          [text.say('access.contacts'), line(phone, email)],
          [text.say('field.language'), reporter && text.say(`language.${language}`)],
          [text.say('field.subject'), subject],
          [text.say('field.text'), <span class="text">{words}</span>],
          [
            text.say('technical.also-violation'),
            can.has('access-violation.read') && violations.length > 0 && (
              <a href="/access-violations">{violations.join(', ')}</a>
            ),
          ],
        ]}
      />
      {can.has('access-violation.report') && (
        <p>
          <a href={`/access-violations?technicalRequest=${number}`}>{text.say('technical.report-violation')}</a>
        </p>
      )}
    </Section>
  );
}

function Resolution(part: TechnicalRequestPart): VNode {
  const { context, file } = part;
  const { text } = context;
  const { reclassified = [], resolutions, defect, answers } = file.technicalRequest;
  return (
    <Section part="resolution" text={text}>
      <Facts
        rows={[
          ...reclassified.map(
            ({ from, reason, by, at }) =>
              [
                text.say('technical.reclassified'),
                <>
                  <s>{text.say(`technical.as.${from}`)}</s> <span class="text">{reason}</span> <small>{by}</small>{' '}
                  <Stamp at={at} text={text} />
                </>,
              ] as const,
          ),
          ...resolutions.map(
            ({ text: words, by, at }) =>
              [
                text.stamp(at),
                <>
                  <span class="text">{words}</span> <small>{by}</small>
                </>,
              ] as const,
          ),
          [
            text.say('technical.defect'),
            defect && (
              <>
                {defect.reference} <small>{text.say(`technical.scope.${defect.scope}`)}</small>
              </>
            ),
          ],
          ...answers.map(({ at }) => [text.say('access.answered'), <Moment at={at} text={text} />] as const),
        ]}
      />
      <Command part={part} action="technical-request.write" name="resolution" title={text.say('command.resolution')}>
        <Area label={text.say('field.text')} name="text" />
      </Command>
      <Command part={part} action="technical-request.write" name="defect" title={text.say('command.defect')}>
        <Field
          label={text.say('field.reference')}
          name="reference"
          maxLength={100}
          required
          value={defect?.reference ?? ''}
        />
        <Choice
          label={text.say('field.scope')}
          name="scope"
          value={defect?.scope ?? 'maintenance'}
          options={defectScopes.map((scope) => [scope, text.say(`technical.scope.${scope}`)])}
        />
      </Command>
      <Reclassify {...part} />
    </Section>
  );
}

/** R15: the class can be corrected until the request is answered. */
function Reclassify(part: TechnicalRequestPart): VNode | null {
  const { text } = part.context;
  const { technicalRequest } = part.file;
  const { classified } = technicalRequest;
  if (!classified || isSettled(technicalRequest)) return null;
  return (
    <Command
      part={part}
      action="technical-request.write"
      name="classification"
      title={text.say('command.classification')}
    >
      <Choice
        label={text.say('technical.classified')}
        name="classification"
        options={classifications.filter((as) => as !== classified.as).map((as) => [as, text.say(`technical.as.${as}`)])}
      />
      <Area label={text.say('field.reason')} name="reason" />
    </Command>
  );
}
