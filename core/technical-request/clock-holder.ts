import type { ClockHolder } from '../clocks.js';

/** R8, R15: the administrator of the information systems fulfils; there is one office of it. */
export const technicalClockHolder: ClockHolder = { unit: 'centralOffice', responsible: 'is-admin:centralOffice' };
