import type { Organisation, Settings } from '../config/index.js';
import type { AccessLog } from './access-log.js';
import type { Calendar } from './calendar.js';
import type { Calendars } from './calendars.js';
import type { Cases } from './cases.js';
import type { Clock } from './clock.js';
import type { Recount } from './clock-recount.js';
import type { Clocks } from './clocks.js';
import type { Database } from './database.js';
import type { DeadlineTable } from './deadline-table.js';
import type { Decisions } from './decisions.js';
import type { Directory } from './directory.js';
import type { Documents } from './documents.js';
import type { Erasures } from './erasures.js';
import type { Files } from './files.js';
import type { Evidence } from './evidence/evidence.js';
import type { Extracts } from './inspection/extracts.js';
import type { Inspections } from './inspection/inspections.js';
import type { Letters } from './letters.js';
import type { Logger } from './log.js';
import type { Numbers } from './numbers.js';
import type { Outbox } from './outbox.js';
import type { People } from './people.js';
import type { RunningClocks } from './running-clocks.js';
import type { Trail } from './trail.js';
import type { Vault } from './vault.js';

/** What workers, routes and decisions are handed: one typed object, built once in each process's composition root. */
export interface Services {
  settings: Settings;
  organisation: Organisation;
  database: Database;
  clock: Clock;
  log: Logger;
  /** The calendars in force as this process knows them; to count by, ask {@link Calendars.current}. */
  calendar: Calendar;
  calendars: Calendars;
  vault: Vault;
  trail: Trail;
  accessLog: AccessLog;
  files: Files;
  numbers: Numbers;
  outbox: Outbox;
  cases: Cases;
  clocks: Clocks;
  runningClocks: RunningClocks;
  recount: Recount;
  deadlineTable: DeadlineTable;
  directory: Directory;
  people: People;
  letters: Letters;
  documents: Documents;
  inspections: Inspections;
  extracts: Extracts;
  decisions: Decisions;
  evidence: Evidence;
  erasures: Erasures;
}
