import { loadOrganisation, type Settings } from '../config/index.js';
import { createAccessLog } from './access-log.js';
import { createAccounts } from './access-request/account-store.js';
import { createAccountSweeps } from './access-request/account-sweeps.js';
import { accessClockHolder } from './access-request/clock-holder.js';
import { createAccessJournal } from './access-request/journal.js';
import { createPasswordLinks } from './access-request/password-links.js';
import { createAccessRequests } from './access-request/requests.js';
import { createViolations } from './access-request/violations.js';
import { createCalendars } from './calendars.js';
import { createCases } from './cases.js';
import { createRecount } from './clock-recount.js';
import { createClocks, type Clocks } from './clocks.js';
import { openDatabase } from './database.js';
import { loadDeadlineTable } from './deadline-table.js';
import { createDecisions } from './decisions.js';
import { createDirectory } from './directory.js';
import { createDocuments, type Documents } from './documents.js';
import { openErasureList } from './erasure-list.js';
import { createErasures } from './erasures.js';
import { createEvidence } from './evidence/evidence.js';
import { createFiles } from './files.js';
import { addresseeOf } from './inspection/addressees.js';
import { inspectionClockHolder } from './inspection/clock-holder.js';
import { inspectionDocumentKinds } from './inspection/document-kinds.js';
import { createExtracts } from './inspection/extracts.js';
import { createInspections, type Inspections } from './inspection/inspections.js';
import { createLetters } from './letters.js';
import { createLog } from './log.js';
import { createNoticeChoices } from './notice-choices.js';
import { createNumbers } from './numbers.js';
import { createOutbox } from './outbox.js';
import { createPeople } from './people.js';
import { createReferrals } from './referrals.js';
import { createRunningClocks } from './running-clocks.js';
import type { Services } from './services.js';
import { createSubstitutions } from './substitutions.js';
import { technicalClockHolder } from './technical-request/clock-holder.js';
import { createTechnicalArchives } from './technical-request/archives.js';
import { createTechnicalRequests } from './technical-request/requests.js';
import { createUpkeepReminders } from './technical-request/upkeep-due.js';
import { createUpkeepRecords } from './technical-request/upkeep-records.js';
import { createTrail } from './trail.js';
import { createUserTasks } from './user-tasks.js';
import { createVault } from './vault.js';

/**
 * Settings to services: the stores and what works on them, the same in every process. Makes collections and indexes where they are
 * missing. Throws when MongoDB can't be reached or a setting is wrong. `instead`: other makers of two parts, to measure what these cost.
 */
export async function composeServices(
  settings: Settings,
  component: string,
  instead: { vault?: typeof createVault; trail?: typeof createTrail } = {},
): Promise<Services> {
  const organisation = loadOrganisation(settings.organisation);
  const log = createLog(component, settings.log.level);
  const database = await openDatabase(settings);
  const { clock } = database;
  const vault = (instead.vault ?? createVault)({ database, ...settings.vault });
  const trail = (instead.trail ?? createTrail)({ database });
  const files = createFiles({ database, vault, clock });
  const numbers = createNumbers({ database });
  const outbox = createOutbox({ database });
  const cases = createCases({ database });
  const calendars = createCalendars({ database, log });
  const deadlineTable = await loadDeadlineTable();
  const clocks: Clocks = createClocks({
    ...{ database, trail, calendars, table: deadlineTable, organisation, outbox },
    holderOf: async (tx, clock) =>
      (clock.process === 'technical-request' ? technicalClockHolder : null) ??
      (await accessClockHolder({ accessRequests }, tx, clock)) ??
      (await inspectionClockHolder({ inspections, documents }, tx, clock)),
  });
  const recount = createRecount({ database, trail, calendars, organisation });
  const people = createPeople({ database });
  const directory = createDirectory({ database, vault });
  const letters = createLetters({ database, vault, trail, numbers, outbox, organisation });
  const decisions = createDecisions({ database });
  const extracts = createExtracts({ database, trail });
  const accessRequests = createAccessRequests({ database, vault, trail });
  const inspections: Inspections = createInspections({ database, vault, trail, clocks, outbox });
  const documents: Documents = createDocuments({
    database,
    vault,
    trail,
    files,
    letters,
    clocks,
    outbox,
    addressee: (employeeId) => addresseeOf(directory, employeeId),
    kinds: inspectionDocumentKinds({ directory, inspections, vault, organisation }),
    timeZone: organisation.timeZone,
  });
  const services: Services = {
    settings,
    organisation,
    database,
    clock,
    log,
    calendar: calendars.latest,
    calendars,
    vault,
    trail,
    accessLog: createAccessLog({ database, trail }),
    files,
    numbers,
    outbox,
    cases,
    clocks,
    runningClocks: createRunningClocks({ database }),
    recount,
    deadlineTable,
    directory,
    people,
    substitutions: createSubstitutions({ database, trail }),
    letters,
    documents,
    inspections,
    extracts,
    accessRequests,
    technicalRequests: createTechnicalRequests({ database, vault, trail }),
    technicalArchives: createTechnicalArchives({ database, trail }),
    upkeepRecords: createUpkeepRecords({ database, vault, trail }),
    upkeepReminders: createUpkeepReminders({ database, trail }),
    decisions,
    passwordLinks: createPasswordLinks({ database, trail }),
    accounts: createAccounts({ database, vault, trail }),
    accountSweeps: createAccountSweeps({ database }),
    accessJournal: createAccessJournal({ database, numbers, trail }),
    violations: createViolations({ database, trail }),
    referrals: createReferrals({ database }),
    erasures: createErasures({
      ...{ database, vault, trail },
      outside: settings.erasure.listFile === undefined ? undefined : openErasureList(settings.erasure.listFile),
    }),
    userTasks: createUserTasks({ database }),
    noticeChoices: createNoticeChoices({ database }),
    evidence: createEvidence({ database, trail, origin: settings.evidence.origin }),
  };
  try {
    for (const part of Object.values(services) as { init?: () => Promise<void> }[]) await part.init?.();
    return services;
  } catch (error) {
    await database.close();
    throw error;
  }
}
