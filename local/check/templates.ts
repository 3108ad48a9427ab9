import { validateZeebe } from '@bpmn-io/element-templates-validator';
import { workers } from '../../workers/registry.js';
import { templateOf } from '../reference.js';

/** The element templates that Camunda Modeler would refuse, with what its schema says of each. */
export function faultyTemplates(): { type: string; errors: unknown }[] {
  return workers.flatMap((worker) => {
    const { valid, errors } = validateZeebe(templateOf(worker));
    return valid ? [] : [{ type: worker.type, errors }];
  });
}
