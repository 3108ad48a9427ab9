import { centralContext } from '../central-context.js';
import type { RightsContext } from '../rights.js';
import type { Services } from '../services.js';
import { accessUsersOf, type AccessRequest } from './model.js';

/** How a person is related to an access request, for the table of rights. */
export async function contextOfRequest(
  services: Pick<Services, 'directory'>,
  caseState: RightsContext['caseState'],
  request: AccessRequest,
): Promise<RightsContext> {
  const accessUsers = accessUsersOf(request);
  const context = await centralContext(services, 'access-request', caseState, accessUsers);
  return { ...context, accessUsers, filer: request.filedBy };
}
