import type { AccessRequest } from '../../core/access-request/model.js';
import { accessRequest, type AccessRequestBody } from '../builders/access-request.js';
import { PlayedCase } from '../helpers/played-case.js';
import type { Stage } from '../inspection/stage.js';

/** An access request as a test plays it. Whoever is not named is `ib.admin2`. */
export class RequestCase extends PlayedCase {
  protected readonly process = 'access-request';
  protected readonly decider = 'ib.admin2';

  static async file(
    stage: Stage,
    orderedOn: string,
    changes: Partial<AccessRequestBody> = {},
    as = 'registrar',
  ): Promise<RequestCase> {
    const body = accessRequest(orderedOn, changes);
    return new RequestCase(stage, ...(await PlayedCase.filed(stage, as, '/api/access-requests', body)));
  }

  request(): Promise<AccessRequest> {
    return this.stage.services.accessRequests.get(this.caseId);
  }
  grants(as?: string): Promise<string | null> {
    return this.decides('UserTask_DecideOnSystem', { systemDecision: 'granted' }, as);
  }
  async refuses(system: string, refusalGround: string): Promise<string | null> {
    await this.writes('refusal-reasons', { system, text: 'Основание не подтверждено.' });
    return this.decides('UserTask_DecideOnSystem', { systemDecision: 'refused', refusalGround });
  }
}
