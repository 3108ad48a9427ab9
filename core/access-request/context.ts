import { centralContext } from '../central-context.js';
import type { RightsContext } from '../rights.js';
import type { Services } from '../services.js';
import type { AccessRequest } from './model.js';

/** How a person is related to an access request, for the table of rights. */
export async function contextOfRequest(
  services: Pick<Services, 'directory'>,
  caseState: RightsContext['caseState'],
  { filedBy, users }: AccessRequest,
): Promise<RightsContext> {
  const accessUsers = users.flatMap(({ employeeId }) => employeeId ?? []);
  const context = await centralContext(services, 'access-request', caseState, accessUsers);
  return { ...context, accessUsers, filer: filedBy };
}
