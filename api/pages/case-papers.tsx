import type { VNode } from 'preact';
import { titleOf } from '../../core/letter-template.js';
import type { CaseDocument, DocumentRequest } from '../../core/documents.js';
import {
  Badge,
  Command,
  employeeOfLine,
  kindOf,
  nameOf,
  Section,
  Table,
  type InspectionPart,
  type Part,
  type Staff,
} from './case-parts.js';
import { Area, Choice, Field } from './fields.js';
import { Stamp } from './layout.js';
import { previewOf } from './preview.js';
import { FileField, SanctionsPresent } from './public.js';

/** Parts of the case file page that are about papers: documents and their requests, and letters. */

export function Documents({ part, staff }: { part: InspectionPart; staff: Staff }): VNode {
  const { context, file } = part;
  const { text } = context;
  const { inspection, extracts } = file;
  const open = file.requests.filter((request) => request.state === 'requested');
  const inspected = new Set(inspection.lines.map(({ employeeId }) => employeeId));
  const isPartOfExtract = ({ kind }: CaseDocument): boolean => kind.startsWith('nitExtract');
  const parts = file.documents.filter(isPartOfExtract);
  return (
    <Section part="documents" text={text}>
      <RequestTable {...part} />
      {extracts.length > 0 && (
        <ul class="plain">
          {extracts.map((extract) => (
            <li>
              {kindOf(text, extract.system === 'iisPsc' ? 'nitExtractIisPsc' : 'nitExtractEgovPortal')}{' '}
              <Badge kind={`extract-${extract.state}`}>{text.say(`extract.${extract.state}`)}</Badge>{' '}
              <small>
                {extract.state === 'complete' && `${text.say('extract.rows', { count: extract.rows })}, `}
                <Stamp at={extract.obtainedAt ?? extract.requestedAt} text={text} />
              </small>
            </li>
          ))}
        </ul>
      )}
      {file.documents.length === 0 && <p class="empty">{text.say('case.no-documents')}</p>}
      <DocumentList part={part} documents={file.documents.filter((document) => !isPartOfExtract(document))} />
      {parts.length > 0 && (
        <details class="fold">
          <summary>{text.say('case.extract-files', { count: parts.length })}</summary>
          <DocumentList part={part} documents={parts} />
        </details>
      )}
      <OwnWindow {...part} />
      <Upload part={part} open={open} />
      <Command
        part={part}
        action="additional-request.write"
        name="requests"
        title={text.say('command.requests')}
        when={inspection.conclusions.length === 0 && inspection.screening?.result !== 'outOfScope'}
      >
        <Choice
          label={text.say('field.addressee')}
          name="addresseeId"
          options={staff.filter(([employeeId]) => !inspected.has(employeeId))}
        />
        <Area label={text.say('field.question')} name="question" />
      </Command>
      {(['non-receipt-notes', 'non-receipts'] as const).map((name) => (
        <Command
          part={part}
          action="non-receipt.record"
          name={name}
          title={text.say(`command.${name}`)}
          when={open.length > 0}
        >
          <Choice
            label={text.say('field.request')}
            name="requestId"
            options={open.map((asked) => option(part, asked))}
          />
          <Area label={text.say('field.reason')} name="reason" />
        </Command>
      ))}
    </Section>
  );
}

function option(
  { context: { text }, file }: Part,
  { _id, kind, addresseeId, lineId }: DocumentRequest,
): [string, string] {
  const about = employeeOfLine(text, file, lineId);
  const from = nameOf(text, file, addresseeId);
  return [_id, `${kindOf(text, kind)} — ${about && about !== from ? `${about} (${from})` : from}`];
}

function RequestTable({ context: { text }, file }: Part): VNode | null {
  if (file.requests.length === 0) return null;
  const heads = ['kind', 'about', 'addressee', 'letter', 'requestedAt', 'state'];
  return (
    <Table
      label={text.say('case.requests')}
      heads={heads.map((name) => text.say(`request.${name}`))}
      rows={file.requests.map((request) => [
        <>
          {kindOf(text, request.kind)}
          {request.question && <small class="text">{request.question}</small>}
        </>,
        employeeOfLine(text, file, request.lineId) ?? '—',
        nameOf(text, file, request.addresseeId),
        <span class="nowrap">{request.letterNumber ?? '—'}</span>,
        <Stamp at={request.requestedAt} text={text} />,
        <>
          <Badge kind={request.state}>{text.say(`request.${request.state}`)}</Badge>{' '}
          {request.settledAt && <Stamp at={request.settledAt} text={text} />}
          {request.state === 'requested' && request.nonReceiptNote && (
            <small class="text">{request.nonReceiptNote}</small>
          )}
          {request.nonReceipt && <small class="text">{request.nonReceipt.reason}</small>}
        </>,
      ])}
    />
  );
}

/**
 * What a window that was opened from Tasklist can't do, and the way out. Its policy is `sandbox allow-popups` without `allow-downloads` and
 * without `allow-popups-to-escape-sandbox`, which no page can see of itself: so the advice is always there.
 */
/** Documents of a case in which none is asked for by letter. */
export function PlainPapers(part: Part): VNode {
  const { context, file } = part;
  return (
    <Section part="documents" text={context.text}>
      {file.documents.length === 0 && <p class="empty">{context.text.say('case.no-documents')}</p>}
      <DocumentList part={part} documents={file.documents} />
      <OwnWindow {...part} />
      <Upload part={part} open={[]} />
    </Section>
  );
}

export function OwnWindow({ context: { text, publicUrl }, file }: Part): VNode | null {
  if (file.documents.length === 0) return null;
  return (
    <details class="fold screen">
      <summary>{text.say('case.own-window')}</summary>
      <p>{text.say('case.own-window-why')}</p>
      <p>
        <code class="address">{`${publicUrl}/cases/${file.opened.record.number}`}</code>
      </p>
    </details>
  );
}

export function DocumentList({ part, documents }: { part: Part; documents: readonly CaseDocument[] }): VNode | null {
  const { context, file } = part;
  const { text } = context;
  if (documents.length === 0) return null;
  return (
    <ul class="documents">
      {documents.map((document) => (
        <li>
          <a href={`/api/cases/${file.opened.record.number}/documents/${document._id}`}>{document.name}</a>
          <p>
            {[kindOf(text, document.kind), employeeOfLine(text, file, document.lineId)].filter(Boolean).join(' · ')}
            {document.sanctionsPresent !== null &&
              ` · ${text.say('field.sanctionsPresent')}: ${text.say(document.sanctionsPresent ? 'field.sanctions-some' : 'field.sanctions-none')}`}
            {` · ${text.say('document.size', { kib: Math.ceil(document.bytes / 1024) })} · `}
            <Stamp at={document.addedAt} text={text} />
            {previewOf(document) !== null && (
              <>
                {' · '}
                <a href={`/cases/${file.opened.record.number}/documents/${document._id}`}>
                  {text.say('document.preview')}
                </a>
              </>
            )}
          </p>
          <code class="hash">SHA-256 {document.sha256}</code>
        </li>
      ))}
    </ul>
  );
}

export function Upload({ part, open }: { part: Part; open: readonly DocumentRequest[] }): VNode | null {
  const { context } = part;
  const { text } = context;
  return (
    <Command
      part={part}
      action="document.upload"
      name="documents"
      title={text.say('command.documents')}
      submit="action.send"
      enctype="multipart/form-data"
    >
      {open.length > 0 && (
        <Choice
          label={text.say('field.request')}
          name="requestId"
          required={false}
          empty={text.say('field.no-request')}
          options={open.map((asked) => option(part, asked))}
        />
      )}
      {open.some(({ kind }) => kind === 'hrSanctionsCertificate') && (
        <SanctionsPresent context={context} required={false} />
      )}
      <FileField context={context} />
    </Command>
  );
}

export function Letters(part: Part): VNode {
  const {
    context: { text },
    file,
  } = part;
  const failed = file.letters.filter(({ state }) => state === 'failed');
  const heads = ['number', 'title', 'state', 'sentAt'].map((name) => text.say(`letter.${name}`));
  return (
    <Section part="letters" text={text}>
      {file.letters.length === 0 ? (
        <p class="empty">{text.say('case.no-letters')}</p>
      ) : (
        <Table
          label={text.say('case.letters')}
          heads={heads}
          rows={file.letters.map((letter) => [
            <span class="nowrap">{letter.number}</span>,
            titleOf(letter, text.language),
            <>
              <Badge kind={letter.state}>{text.say(`letter.state.${letter.state}`)}</Badge>{' '}
              {letter.possibleDouble && <Badge kind="late">{text.say('letter.possible-double')}</Badge>}
            </>,
            <Stamp at={letter.sentAt} text={text} />,
          ])}
        />
      )}
      <Command
        part={part}
        action="decision:letter.correct-address"
        name="letter-addresses"
        title={text.say('command.letter-addresses')}
        when={failed.length > 0}
      >
        <Choice
          label={text.say('letter.number')}
          name="letterId"
          options={failed.map((letter) => [letter._id, `${letter.number} — ${titleOf(letter, text.language)}`])}
        />
        <Field label={text.say('field.email')} name="email" type="email" required />
      </Command>
    </Section>
  );
}
