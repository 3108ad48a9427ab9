/** What Merzim knows of an account in SKUD, the access control and management system (F-ACC-4; R3(11), R19). Needs no network to be read. */

/** One function of one system (columns 4 and 5 of the request): what an account may do, and nothing beyond (ACC-54). */
export interface AccountRight {
  /** Code of the system in the registry, e.g. `sir`. */
  system: string;
  /** Code of the function in that system, e.g. `record.view`. */
  function: string;
}

/** An account as SKUD has it. */
export interface SkudAccount {
  /** SKUD's own id: safe in logs, in the trail and in the engine. */
  skudId: string;
  /** The id by which we know it, as it was given when we created it; null for one that we did not create. */
  accountId: string | null;
  /** The personal unique identifier (R20). */
  login: string;
  /** False: blocked. */
  active: boolean;
  rights: AccountRight[];
  /** UTC. When SKUD made the account. */
  createdAt: Date;
  /** UTC. Last sign-in; null for an account that was never used. SKUD's clock. */
  lastSignInAt: Date | null;
  /** UTC. When its user changed the password by himself last; null while the temporary one stands (ACC-18). */
  passwordChangedAt: Date | null;
  /** The next sign-in leads to the change of the password and to nothing else. */
  mustChangePassword: boolean;
}

/** Something that happened to an account in SKUD and that SKUD told us, verified to be SKUD's. It may come twice, and late. */
export interface SkudEvent {
  /** SKUD's number of the event: the same one again is the same event. */
  eventId: string;
  /**
   * `signed-in`: its user entered; `password-changed`: its user replaced the password (of a new account: with the first sign-in, which
   * completes the registration, ACC-19).
   */
  kind: 'signed-in' | 'password-changed';
  skudId: string;
  /** UTC. When it happened, by SKUD's clock. */
  at: Date;
}
