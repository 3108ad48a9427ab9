declare module 'bpmn-moddle' {
  /** Reads and writes BPMN 2.0; `packages` describe extensions such as Zeebe's. */
  export class BpmnModdle {
    constructor(packages?: Record<string, object>);
    fromXML(xml: string): Promise<{ rootElement: object; warnings: { message: string }[] }>;
  }
}
