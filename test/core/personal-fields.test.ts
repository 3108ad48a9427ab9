import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Schema, type Model } from 'mongoose';
import { newId } from '../../core/ids.js';
import { forSubject, personalFields, type PersonalFieldsOptions } from '../../core/personal-fields.js';
import { createVault, type Vault } from '../../core/vault.js';
import { scanForPlaintext } from '../helpers/canary.js';
import { openTestDatabase, somebody, type TestDatabase } from '../helpers/database.js';

interface Application {
  _id: string;
  subjectId: string;
  number: string;
  text?: string | null;
  applicant?: { name?: string; address?: { street?: string } };
  persons: { subjectId: string; name: string; role: string }[];
  notes: string[];
}

let database: TestDatabase;
let vault: Vault;
let applications: Model<Application>;
let subject: string;

const schemaOf = () =>
  new Schema<Application>(
    {
      _id: { type: String, required: true },
      subjectId: { type: String, required: true },
      number: { type: String, required: true },
      text: { type: String },
      applicant: { name: String, address: new Schema({ street: String }, { _id: false }) },
      persons: [
        new Schema({ subjectId: String, name: { type: String, required: true }, role: String }, { _id: false }),
      ],
      notes: [String],
    },
    { versionKey: false },
  );
const paths = ['text', 'applicant.name', 'applicant.address.street', 'persons.$.name', 'notes.$'];
/** A person of the list is sealed under a key of their own. */
const subjectOf: PersonalFieldsOptions['subjectOf'] = (document: Application, path) => {
  const [, index] = /^persons\.(\d+)\./.exec(path) ?? [];
  return (index !== undefined && document.persons[Number(index)]?.subjectId) || document.subjectId;
};
const application = (given: Partial<Application> = {}): Application => ({
  _id: newId(),
  subjectId: subject,
  number: 'INS-2026-000001',
  text: 'Canary text',
  applicant: { name: 'Canary name', address: { street: 'Canary street' } },
  persons: [
    { subjectId: subject, name: 'Canary one', role: 'head' },
    { subjectId: subject, name: 'Canary two', role: 'clerk' },
  ],
  notes: ['Canary note'],
  ...given,
});
const stored = (_id: string) => applications.findById(_id).lean<Application>().exec();
const leaks = () => scanForPlaintext(database, ['Canary']);

beforeAll(async () => {
  database = await openTestDatabase();
  vault = createVault({ database, masterKey: randomBytes(32) });
  await vault.init();
  const schema = schemaOf();
  personalFields(schema, { vault, paths, subjectOf });
  applications = database.connection.model<Application>('Application', schema, 'applications');
  await applications.createCollection();
});
beforeEach(async () => {
  await applications.collection.deleteMany({});
  subject = await vault.createSubject(null, 'case');
});
afterAll(() => database.drop());

describe('every way in seals the declared paths', () => {
  const ways: Record<string, (given: Application) => Promise<unknown>> = {
    save: (given) => new applications(given).save(),
    create: (given) => applications.create([given]),
    insertMany: (given) => applications.insertMany([given]),
    'insertMany of documents': (given) => applications.insertMany([new applications(given)]),
    'insertMany, lean': (given) => applications.insertMany([given], { lean: true }),
    insertOne: (given) => applications.insertOne(given),
    'bulkWrite insertOne': (given) => applications.bulkWrite([{ insertOne: { document: given } }]),
    bulkSave: (given) => applications.bulkSave([new applications(given)]),
    'replaceOne upsert': (given) => applications.replaceOne({ _id: given._id }, given, { upsert: true }),
    'findOneAndReplace upsert': (given) => applications.findOneAndReplace({ _id: given._id }, given, { upsert: true }),
    'bulkWrite replaceOne': (given) =>
      applications.bulkWrite([{ replaceOne: { filter: { _id: given._id }, replacement: given, upsert: true } }]),
    'updateOne upsert': ({ _id, ...given }) =>
      applications.updateOne({ _id }, { $set: given }, forSubject(subject, { upsert: true })),
    'updateOne without operator': ({ _id, ...given }) =>
      applications.updateOne({ _id }, given, forSubject(subject, { upsert: true })),
    'findOneAndUpdate $setOnInsert': ({ _id, ...given }) =>
      applications.findOneAndUpdate({ _id }, { $setOnInsert: given }, forSubject(subject, { upsert: true })),
    'bulkWrite updateOne': ({ _id, ...given }) =>
      applications.bulkWrite(
        [{ updateOne: { filter: { _id }, update: { $set: given }, upsert: true } }],
        forSubject(subject),
      ),
  };
  test.each(Object.keys(ways))('%s', async (way) => {
    const given = application();
    await ways[way]!(given);
    const found = await stored(given._id);
    expect(await vault.reveal(found)).toEqual(given);
    expect(found).toMatchObject({ number: given.number, persons: [{ role: 'head' }, { role: 'clerk' }] });
    expect(await leaks()).toEqual([]);
  });

  test('the control is found: a write past the plugin leaks', async () => {
    await applications.collection.insertOne(application() as never);
    expect((await leaks()).length).toBeGreaterThan(0);
  });
});

describe('documents', () => {
  test('what the caller handed in is not changed by insertMany', async () => {
    const given = application();
    const before = structuredClone(given);
    await applications.insertMany([given]);
    expect(given).toEqual(before);
  });

  test('each value is sealed for the subject of its place', async () => {
    const other = await vault.createSubject(null, 'person');
    const given = application({ persons: [{ subjectId: other, name: 'Canary other', role: 'head' }] });
    await new applications(given).save();
    const found = await stored(given._id);
    expect(found!.persons[0]!.name).toMatch(`mz1:${other}:`);
    expect(found!.text).toMatch(`mz1:${subject}:`);
  });

  test('a value that was not changed keeps its ciphertext, a changed one is sealed anew', async () => {
    const given = application();
    await new applications(given).save();
    const before = await stored(given._id);
    const document = await applications.findById(given._id);
    document!.persons[1]!.name = 'Canary three';
    document!.notes.push('Canary second note');
    await document!.save();
    const after = await stored(given._id);
    expect(after!.text).toBe(before!.text);
    expect(after!.persons[0]!.name).toBe(before!.persons[0]!.name);
    expect((await vault.reveal(after))!.persons[1]!.name).toBe('Canary three');
    expect((await vault.reveal(after))!.notes).toEqual(['Canary note', 'Canary second note']);
    expect(await leaks()).toEqual([]);
  });

  test('a document of a subject that was made in the same transaction is saved, inserted and updated in it', async () => {
    const ids = await database.transaction(somebody, async (tx) => {
      const own = await vault.createSubject(tx, 'case');
      const [one, two] = [application({ subjectId: own, persons: [] }), application({ subjectId: own, persons: [] })];
      await new applications(one).save({ session: tx.session });
      await applications.insertMany([two], { session: tx.session });
      await applications.updateOne(
        { _id: one._id },
        { $set: { text: 'Canary changed' } },
        forSubject(own, { session: tx.session }),
      );
      return [one._id, two._id];
    });
    expect((await vault.reveal(await stored(ids[0]!)))!.text).toBe('Canary changed');
    expect((await vault.reveal(await stored(ids[1]!)))!.text).toBe('Canary text');
    expect(await leaks()).toEqual([]);
  });

  test('a text that only looks sealed is sealed as the text that it is', async () => {
    const text = `mz1:${subject}:${Buffer.alloc(40).toString('base64')}`;
    const given = application({ text });
    await applications.insertMany([given]);
    expect((await stored(given._id))!.text).not.toBe(text);
    expect((await vault.reveal(await stored(given._id)))!.text).toBe(text);
  });

  test("another subject's sealed text is sealed again, so that it does not open as one's own", async () => {
    const other = await vault.createSubject(null, 'person');
    const stolen = await vault.seal(other, 'Canary of somebody else');
    const given = application({ text: stolen });
    await new applications(given).save();
    expect((await vault.reveal(await stored(given._id)))!.text).toBe(stolen);
  });

  test('absent and null values stay so', async () => {
    const given = application({ text: null, applicant: undefined, persons: [], notes: [] });
    await new applications(given).save();
    const found = await stored(given._id);
    expect(found!.text).toBeNull();
    expect(found!.notes).toEqual([]);
  });

  test('required values are checked before they are sealed, and nothing is stored when the subject is unknown', async () => {
    await expect(
      new applications(application({ persons: [{ subjectId: subject, role: 'x' } as never] })).save(),
    ).rejects.toThrow('required');
    const nobody = application({ subjectId: newId(), persons: [] });
    await expect(new applications(nobody).save()).rejects.toThrow('has no key here');
    await expect(applications.insertMany([nobody])).rejects.toThrow('has no key here');
    expect(await applications.countDocuments()).toBe(0);
  });
});

describe('updates', () => {
  let id: string;
  beforeEach(async () => {
    const given = application();
    id = given._id;
    await applications.insertMany([given]);
  });
  const options = () => forSubject(subject);
  const revealed = async () => (await vault.reveal(await stored(id)))!;

  test('a nested object, a list element and pushed elements are sealed', async () => {
    await applications.updateOne({ _id: id }, { $set: { applicant: { name: 'Canary new' } } }, options());
    await applications.updateOne({ _id: id }, { $set: { 'persons.0.name': 'Canary zero' } }, options());
    await applications.updateOne(
      { _id: id, 'persons.role': 'clerk' },
      { $set: { 'persons.$.name': 'Canary clerk' } },
      options(),
    );
    await applications.updateOne({ _id: id }, { $push: { notes: 'Canary pushed' } }, options());
    await applications.updateOne({ _id: id }, { $addToSet: { notes: { $each: ['Canary a', 'Canary b'] } } }, options());
    await applications.updateOne(
      { _id: id },
      { $push: { persons: { subjectId: subject, name: 'Canary third', role: 'guard' } } },
      options(),
    );
    const found = await revealed();
    expect(found.applicant).toEqual({ name: 'Canary new' });
    expect(found.persons.map(({ name }) => name)).toEqual(['Canary zero', 'Canary clerk', 'Canary third']);
    expect(found.notes).toEqual(['Canary note', 'Canary pushed', 'Canary a', 'Canary b']);
    expect(await leaks()).toEqual([]);
  });

  test('all elements of a list are sealed', async () => {
    await applications.updateMany({ _id: id }, { $set: { 'persons.$[].name': 'Canary all' } }, options());
    expect((await revealed()).persons.map(({ name }) => name)).toEqual(['Canary all', 'Canary all']);
    expect(await leaks()).toEqual([]);
  });

  test('a value that was sealed before is stored as it is, with no option', async () => {
    const sealed = await vault.seal(subject, 'Canary by hand');
    await applications.updateOne({ _id: id }, { $set: { text: sealed } });
    expect((await stored(id))!.text).toBe(sealed);
  });

  test('what is not personal needs no option, and removing needs none', async () => {
    await applications.updateOne({ _id: id }, { $set: { number: 'INS-2026-000002' }, $unset: { text: 1 } });
    expect(await revealed()).toMatchObject({ number: 'INS-2026-000002' });
    expect((await stored(id))!.text).toBeUndefined();
  });

  const refused: Record<string, [() => Promise<unknown>, string]> = {
    'plain text without subject': [
      async () => applications.updateOne({ _id: id }, { $set: { text: 'Canary' } }),
      'text: is personal: name its subject',
    ],
    'a parent object without subject': [
      async () => applications.updateOne({ _id: id }, { applicant: { name: 'Canary' } }),
      'applicant.name: is personal',
    ],
    'bulkWrite without subject': [
      async () =>
        applications.bulkWrite([{ updateMany: { filter: { _id: id }, update: { $set: { text: 'Canary' } } } }]),
      'text: is personal',
    ],
    'a forged sealed text without subject': [
      async () =>
        applications.updateOne(
          { _id: id },
          { $set: { text: `mz1:${subject}:${Buffer.alloc(40).toString('base64')}` } },
        ),
      'text: is personal',
    ],
    'a number in the place of text': [
      async () => applications.updateOne({ _id: id }, { $set: { text: 900101300017 } }, options()),
      'text: holds personal text',
    ],
    'an operator that sets in its own way': [
      async () => applications.updateOne({ _id: id }, { $max: { text: 'Canary' } }, options()),
      "$max can't set it",
    ],
    'a pipeline over a personal field': [
      async () =>
        applications.updateOne(
          { _id: id },
          [{ $set: { text: 'Canary' } }],
          forSubject(subject, { updatePipeline: true }),
        ),
      "text: personal fields can't be set by a pipeline",
    ],
    'a pipeline that replaces all': [
      async () =>
        applications.updateOne(
          { _id: id },
          [{ $replaceWith: { $literal: {} } }],
          forSubject(subject, { updatePipeline: true }),
        ),
      "personal fields can't be set by a pipeline",
    ],
    'a dotted name in a new document': [
      async () => applications.insertMany([{ ...application(), 'applicant.name': 'Canary' }]),
      'write it as a nested object',
    ],
    'an upsert that would copy its filter': [
      async () => applications.updateOne({ text: 'Canary' }, { $set: { number: 'x' } }, { upsert: true }),
      'text: is sealed: look it up by a blind index',
    ],
    'a search by plain text': [
      async () => applications.find({ $or: [{ persons: { $elemMatch: { name: /Canary/ } } }] }),
      'persons.name: is sealed',
    ],
    'a search by plain text in a bulkWrite': [
      async () => applications.bulkWrite([{ deleteOne: { filter: { notes: 'Canary' } } }]),
      'notes: is sealed',
    ],
  };
  test.each(Object.keys(refused))('refused: %s', async (name) => {
    const before = await stored(id);
    const [attempt, message] = refused[name]!;
    await expect(attempt()).rejects.toThrow(message);
    expect(await stored(id)).toEqual(before);
    expect(await applications.countDocuments()).toBe(1);
    expect(await leaks()).toEqual([]);
  });

  test('a search for absence is allowed', async () => {
    expect(await applications.find({ text: null }).lean()).toEqual([]);
    expect(await applications.countDocuments({ text: { $exists: true } })).toBe(1);
  });
});

describe('declarations', () => {
  test.each(['txt', 'applicant.nme', 'persons.name', 'notes', 'applicant.address.strt'])(
    '%s is no String path: refused',
    (path) => {
      expect(() => personalFields(schemaOf(), { vault, paths: [path], subjectOf })).toThrow('needs a String there');
    },
  );
  test('a check in the schema that would see the sealed text is refused', () => {
    const schema = new Schema({ name: { type: String, maxlength: 100 } });
    expect(() => personalFields(schema, { vault, paths: ['name'], subjectOf })).toThrow('check "maxlength" before');
  });
});
