import { Schema } from 'mongoose';
import { ensureCollection } from './collections.js';
import type { Database } from './database.js';
import { heldAt, type Substitution } from './substitutions.js';

/** Somebody (or a machine) who acts here: what the rights table decides by. */
export interface Person {
  /** Name at the sign-in; `client:<id>` for a machine. */
  login: string;
  /** Id in the directory; null for machines and for who isn't in it. */
  employeeId: string | null;
  roles: string[];
  /** Unit of the directory; null when `employeeId` is, or isn't known there. */
  unitId: string | null;
  /** Code of the branch; null for the central office (then `unitId` is set) and for who isn't in the directory (then it is null too). */
  branchCode: string | null;
  /** As the sign-in told it; only while somebody is signed in, never stored. */
  name?: string;
  /** For whom he stands in at this moment (core/substitutions.ts); none of them brings his own. */
  actsFor?: readonly Person[];
}

/** What a sign-in tells of a person. */
export interface SeenPerson {
  login: string;
  employeeId: string | null;
  roles: readonly string[];
}

/** What the latest sign-in told of a person, and when (wall time, UTC). */
export interface ToldPerson extends SeenPerson {
  roles: string[];
  toldAt: Date;
}

interface StoredPerson {
  _id: string;
  employeeId: string | null;
  roles: string[];
  seenAt: Date;
}

/**
 * Who has signed in, with the roles that the identity provider told then: a task completed in Tasklist names only the login, and this is
 * where its roles are found. Roles are as fresh as the latest sign-in.
 */
export interface People {
  /** Notes login, employee and roles of somebody who has just signed in. */
  seen(person: SeenPerson): Promise<Person>;
  /** The person with a login, or null when nobody of that name ever signed in. */
  byLogin(login: string): Promise<Person | null>;
  /** The persons of an employee of the directory, by each login under which he signed in. */
  byEmployee(employeeId: string): Promise<Person[]>;
  /** Everybody who is in the directory now and has any of these roles, or stands in for somebody who has; by employee. */
  withRoles(roles: readonly string[]): Promise<Person[]>;
  /** Everybody of whom a sign-in told a role (or this one), by login, from after one on. */
  list(role: string | null, after: string, limit: number): Promise<ToldPerson[]>;
  /** The person without noting anything: roles as told, unit and branch from the directory. */
  resolve(person: SeenPerson): Promise<Person>;
  init(): Promise<void>;
}

export function createPeople({ database }: { database: Database }): People {
  const people = database.connection.model<StoredPerson>('Person', personSchema(), 'people');
  const employees = database.connection.collection<{
    _id: string;
    unitId: string;
    branchCode: string | null;
    active: boolean;
  }>('employees');
  const substitutions = database.connection.collection<Substitution>('substitutions');

  /** With their places in the directory; who is in none of its units now is left out. */
  const placed = async (stored: readonly StoredPerson[]): Promise<Person[]> => {
    const ids = stored.flatMap(({ employeeId }) => employeeId ?? []);
    const known = await employees
      .find({ _id: { $in: ids }, active: true }, { projection: { unitId: 1, branchCode: 1 } })
      .toArray();
    const places = new Map(known.map(({ _id, unitId, branchCode }) => [_id, { unitId, branchCode }]));
    return stored.flatMap(({ _id: login, employeeId, roles }) => {
      const place = places.get(employeeId ?? '');
      return place ? [{ login, employeeId, roles, ...place }] : [];
    });
  };
  const ofEmployees = (ids: readonly string[]): Promise<StoredPerson[]> =>
    people
      .find({ employeeId: { $in: [...ids] } })
      .lean<StoredPerson[]>()
      .exec();
  const held = (of: Partial<Record<'principalId' | 'substituteId', string | { $in: string[] }>>) =>
    substitutions.find({ ...of, ...heldAt(database.clock.legalNow()) }).toArray();

  const resolve: People['resolve'] = async ({ login, employeeId, roles }) => {
    const employee =
      employeeId === null
        ? null
        : await employees.findOne({ _id: employeeId, active: true }, { projection: { unitId: 1, branchCode: 1 } });
    const given = employee ? await held({ substituteId: employee._id }) : [];
    const actsFor =
      given.length > 0 ? await placed(await ofEmployees(given.map(({ principalId }) => principalId))) : [];
    return {
      login,
      employeeId,
      roles: [...roles],
      unitId: employee?.unitId ?? null,
      branchCode: employee?.branchCode ?? null,
      ...(actsFor.length > 0 ? { actsFor } : {}),
    };
  };

  return {
    seen: async (person) => {
      await people.updateOne(
        { _id: person.login },
        { $set: { employeeId: person.employeeId, roles: [...person.roles], seenAt: database.clock.wallNow() } },
        { upsert: true },
      );
      return resolve(person);
    },
    byLogin: async (login) => {
      const found = await people.findById(login).lean<StoredPerson>().exec();
      return found ? resolve({ login: found._id, employeeId: found.employeeId, roles: found.roles }) : null;
    },
    byEmployee: async (employeeId) => {
      const found = await people.find({ employeeId }).lean<StoredPerson[]>().exec();
      return Promise.all(found.map(({ _id: login, roles }) => resolve({ login, employeeId, roles })));
    },
    withRoles: async (roles) => {
      const found = await placed(
        await people
          .find({ roles: { $in: [...roles] }, employeeId: { $ne: null } })
          .lean<StoredPerson[]>()
          .exec(),
      );
      const given = await held({ principalId: { $in: found.flatMap(({ employeeId }) => employeeId ?? []) } });
      const substitutes =
        given.length > 0 ? await placed(await ofEmployees(given.map(({ substituteId }) => substituteId))) : [];
      const logins = new Set(found.map(({ login }) => login));
      return [...found, ...substitutes.filter(({ login }) => !logins.has(login))]
        .map((person) => {
          const whose = given.flatMap((each) => (each.substituteId === person.employeeId ? each.principalId : []));
          const actsFor = found.filter(({ employeeId }) => whose.includes(employeeId ?? ''));
          return actsFor.length > 0 ? { ...person, actsFor } : person;
        })
        .sort((a, b) => ((a.employeeId ?? '') < (b.employeeId ?? '') ? -1 : 1));
    },
    list: async (role, after, limit) => {
      const holds = role === null ? { 'roles.0': { $exists: true } } : { roles: role };
      const query = people.find({ _id: { $gt: after }, ...holds }).sort({ _id: 1 });
      const found = await query.limit(limit).lean<StoredPerson[]>().exec();
      return found.map(({ _id: login, employeeId, roles: told, seenAt: toldAt }) => ({
        ...{ login, employeeId, roles: told, toldAt },
      }));
    },
    resolve,
    init: () => ensureCollection(database.connection, 'people', [{ key: { roles: 1 } }, { key: { employeeId: 1 } }]),
  };
}

function personSchema(): Schema<StoredPerson> {
  return new Schema<StoredPerson>(
    {
      _id: { type: String, required: true },
      employeeId: { type: String, default: null },
      roles: { type: [String], required: true },
      seenAt: { type: Date, required: true },
    },
    { versionKey: false },
  );
}
