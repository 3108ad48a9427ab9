import type { Classification, Fulfilment, TechnicalRequest } from '../../core/technical-request/model.js';
import type { Reply } from '../../local/play/actor.js';
import { phoneCall, type TechnicalRequestBody } from '../builders/technical-request.js';
import { PlayedCase } from '../helpers/played-case.js';
import type { Stage } from '../inspection/stage.js';

/** A technical request as a test plays it: what a user told by phone, if nothing else is said. Whoever is not named is `is.admin`. */
export class TechnicalCase extends PlayedCase {
  protected readonly process = 'technical-request';
  protected readonly decider = 'is.admin';

  static async file(stage: Stage, body: TechnicalRequestBody = phoneCall(), as = 'registrar'): Promise<TechnicalCase> {
    return new TechnicalCase(stage, ...(await PlayedCase.filed(stage, as, '/api/technical-requests', body)));
  }

  request(): Promise<TechnicalRequest> {
    return this.stage.services.technicalRequests.get(this.caseId);
  }
  classifies(classification: Classification, as?: string): Promise<string | null> {
    return this.decides('UserTask_ClassifyRequest', { classification }, as);
  }
  /** Corrects the class. */
  corrects(classification: Classification): Promise<Reply> {
    return this.writes('classification', { classification, reason: 'Тексергенде басқаша шықты.' });
  }
  async fulfils(fulfilment: Fulfilment, text = 'Түзетілді.'): Promise<string | null> {
    await this.writes('resolution', { text });
    return this.decides('UserTask_FulfilRequest', { fulfilment });
  }
}
