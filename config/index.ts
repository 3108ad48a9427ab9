import { parseSettings, type Settings } from './schema.js';

export { SettingsError, describeSettings, type Settings } from './schema.js';
export {
  authorisedBodyOn,
  languagesOf,
  loadOrganisation,
  placeOf,
  readOrganisation,
  type Organisation,
} from './organisation.js';
export { inProject, projectRoot } from './root.js';

/**
 * The settings of this process. In production they come from its environment alone.
 * @throws SettingsError naming every wrong setting at once.
 */
export function loadSettings(env: Record<string, string | undefined> = process.env): Settings {
  return parseSettings(env);
}
