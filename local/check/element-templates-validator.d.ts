declare module '@bpmn-io/element-templates-validator' {
  /** Checks a template against the schema of Camunda 8's element templates. */
  export function validateZeebe(template: unknown): { valid: boolean; errors?: unknown[] };
}
