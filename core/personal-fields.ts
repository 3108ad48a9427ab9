import { Model, type ClientSession, type Document, type Query, type Schema } from 'mongoose';
import { PermanentError } from './errors.js';
import { changedPaths, filterLeaves, mapPath, mapUpdate, parsePath, plainOf, type FieldPath } from './field-paths.js';
import type { InTransaction, Sealer, Vault } from './vault.js';

export interface PersonalFieldsOptions {
  vault: Vault;
  /** Dot paths of String fields that hold personal values; `$` stands for each element: `recipient.email`, `persons.$.name`, `notes.$`. */
  paths: readonly string[];
  /** Whose key seals the value at `path` (concrete, e.g. `persons.0.name`) of a document as it is about to be stored. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  subjectOf: (document: any, path: string) => string;
}

/** Option of an update (query or bulkWrite) that sets personal fields: the id of the subject whose key seals them. */
export interface PersonalUpdateOptions {
  personalSubject?: string;
  session?: ClientSession | null;
}

/** Options of an update whose personal fields are sealed for a subject: `updateOne(filter, update, forSubject(id, { session }))`. */
export function forSubject<T extends object>(personalSubject: string, options?: T): T & { session?: ClientSession } {
  return { ...(options as T), personalSubject };
}

/** String options that would look at, or change, the sealed text in place of the value. */
const unfitOptions = ['enum', 'match', 'minlength', 'minLength', 'maxlength', 'maxLength', 'lowercase', 'uppercase'];

/**
 * Mongoose plugin: seals the declared paths on every way into the collection (save, create, insertMany, bulkWrite, bulkSave, updates and
 * replacements), so that no plain text of them is stored; reading them is `vault.reveal`. Paths keep the type String. A value that is
 * sealed already is left as it is. What can't be told apart safely is refused with a PermanentError: updates without the option
 * `personalSubject`, update pipelines over these paths, filters that compare them (use `vault.blindIndex`).
 */
export function personalFields(schema: Schema, options: PersonalFieldsOptions): void {
  const { vault } = options;
  const fields = options.paths.map(parsePath);
  for (const field of fields) requireStringPath(schema, field);

  const sealRaw = async (document: unknown, subjectOf: PersonalFieldsOptions['subjectOf'], tx?: InTransaction) => {
    refuseDottedNames(document, fields);
    const seal = sealing(vault, tx);
    let sealed = document;
    for (const field of fields) {
      sealed = await seal(sealed, field, (path) => subjectOf(document, path));
    }
    return sealed;
  };

  const sealUpdate = async (update: unknown, subject: string | undefined, tx?: InTransaction) => {
    const seal = sealing(vault, tx);
    return mapUpdate(update, fields, (value, path, rest) => seal(value, rest, () => subject ?? null, path));
  };

  schema.pre('save', async function () {
    const document = this as Document;
    const seal = sealing(vault, inTransaction(document.$session()));
    for (const field of fields) {
      if (!document.isNew && !document.isModified(field[0])) continue;
      for (const path of changedPaths(document, field)) {
        const value: unknown = document.get(path);
        const sealed = await seal(value, [], () => options.subjectOf(document, path), path);
        if (sealed !== value) document.set(path, sealed);
      }
    }
  });

  // The middleware of insertMany isn't told the session, and a key made in a transaction is only found through it.
  schema.static('insertMany', async function (this: Model<unknown>, documents: unknown, insertOptions?: object) {
    const tx = inTransaction((insertOptions as { session?: unknown } | undefined)?.session);
    const sealed: unknown[] = [];
    for (const document of Array.isArray(documents) ? (documents as unknown[]) : [documents]) {
      sealed.push(await sealRaw(plainOf(document), options.subjectOf, tx));
    }
    const insertMany = Model.insertMany as unknown as (this: unknown, ...args: unknown[]) => Promise<unknown>;
    return insertMany.call(this, sealed, insertOptions);
  } as never);

  schema.pre('bulkWrite', async function (operations, bulkOptions) {
    const { personalSubject, session } = (bulkOptions ?? {}) as PersonalUpdateOptions;
    const tx = inTransaction(session);
    for (const operation of operations as unknown as Record<string, Record<string, unknown>>[]) {
      for (const [kind, parts] of Object.entries(operation)) {
        refuseFilter(parts.filter, fields);
        if (kind === 'insertOne') {
          operation[kind] = { ...parts, document: await sealRaw(plainOf(parts.document), options.subjectOf, tx) };
        } else if (kind === 'replaceOne') {
          operation[kind] = { ...parts, replacement: await sealRaw(parts.replacement, options.subjectOf, tx) };
        } else if (kind === 'updateOne' || kind === 'updateMany') {
          operation[kind] = { ...parts, update: await sealUpdate(parts.update, personalSubject, tx) };
        }
      }
    }
  });

  const queries = { document: false, query: true } as const;
  schema.pre(['updateOne', 'updateMany', 'findOneAndUpdate'], queries, async function () {
    const query = this as unknown as Query<unknown, unknown>;
    const { personalSubject, session } = query.getOptions() as PersonalUpdateOptions;
    query.setUpdate((await sealUpdate(query.getUpdate(), personalSubject, inTransaction(session))) as never);
  });
  schema.pre(['replaceOne', 'findOneAndReplace'], queries, async function () {
    const query = this as unknown as Query<unknown, unknown>;
    const { personalSubject, session } = query.getOptions() as PersonalUpdateOptions;
    const subjectOf = personalSubject === undefined ? options.subjectOf : () => personalSubject;
    query.setUpdate((await sealRaw(query.getUpdate(), subjectOf, inTransaction(session))) as never);
  });
  schema.pre(/^(find|update|replace|delete|count|distinct)/, queries, function () {
    refuseFilter((this as unknown as Query<unknown, unknown>).getFilter(), fields);
  });
}

/** Seals the strings at the end of a path below a value, each with the subject that `subjectOf` names; looks each key up once. */
function sealing(vault: Vault, tx?: InTransaction) {
  const sealers = new Map<string, Promise<Sealer>>();
  const sealerOf = (subjectId: string): Promise<Sealer> => {
    const known = sealers.get(subjectId) ?? vault.sealer(subjectId, tx);
    sealers.set(subjectId, known);
    return known;
  };
  return (
    value: unknown,
    field: FieldPath,
    subjectOf: (path: string) => string | null,
    prefix = '',
  ): Promise<unknown> =>
    mapPath(value, field, prefix, async (content, path) => {
      if (content === null || content === undefined) return content;
      if (typeof content !== 'string') throw fault(path, 'holds personal text: has to be a string');
      const subjectId = subjectOf(path);
      if (typeof subjectId === 'string' && subjectId !== '') {
        const sealer = await sealerOf(subjectId);
        return sealer.holds(content) ? content : sealer.seal(content);
      }
      const [, named] = /^mz1:([^:]+):/.exec(content) ?? [];
      if (named !== undefined && (await sealerOf(named)).holds(content)) return content;
      throw fault(path, 'is personal: name its subject (in an update by the option personalSubject)');
    });
}

function fault(path: string, what: string): PermanentError {
  return new PermanentError(`${path}: ${what}`, { field: path });
}

function inTransaction(session: unknown): InTransaction | undefined {
  return session ? ({ session } as InTransaction) : undefined;
}

/** What this module reads of a mongoose schema type. */
interface SchemaPath {
  instance?: string;
  options?: Record<string, unknown>;
  schema?: Schema;
  embeddedSchemaType?: SchemaPath;
}

/** A declared path that the schema doesn't have, or not as plain String, is a mistake in the schema: better at start than in the data. */
function requireStringPath(schema: Schema, field: FieldPath): void {
  let type: SchemaPath | undefined;
  let at: Schema | undefined = schema;
  let names: string[] = [];
  for (const part of field) {
    if (part === '$') {
      at = type?.schema;
      type = type?.embeddedSchemaType;
      names = [];
    } else {
      names.push(part);
      type = at?.path(names.join('.'));
      if (type?.instance === 'Array') at = undefined; // only `$` leads on: mongoose itself would overlook that it is missing
      if (type?.instance === 'Embedded') {
        at = type.schema;
        names = [];
      }
    }
  }
  const path = field.join('.');
  if (type?.instance !== 'String') throw fault(path, 'is declared as personal: the schema needs a String there');
  const unfit = unfitOptions.find((name) => type?.options?.[name] !== undefined);
  if (unfit) throw fault(path, `is sealed when stored: check "${unfit}" before, not in the schema`);
}

function refuseDottedNames(document: unknown, fields: readonly FieldPath[]): void {
  const roots = new Set(fields.map(([root]) => root));
  const dotted = Object.keys(document ?? {}).find((name) => name.includes('.') && roots.has(name.split('.')[0]));
  if (dotted !== undefined) throw fault(dotted, 'is personal: write it as a nested object');
}

/** A filter over a sealed field never matches a plain value, and would carry it into the server's log, or by an upsert into the document. */
function refuseFilter(filter: unknown, fields: readonly FieldPath[]): void {
  const personal = new Set(fields.map((field) => field.filter((part) => part !== '$').join('.')));
  for (const { path, value } of filterLeaves(filter)) {
    const plain = value instanceof RegExp || (typeof value === 'string' && !value.startsWith('mz1:'));
    if (plain && personal.has(path)) throw fault(path, 'is sealed: look it up by a blind index');
  }
}
