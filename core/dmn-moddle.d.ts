declare module 'dmn-moddle' {
  /** An element of the parsed file; its properties are those of the DMN 1.3 specification. */
  export interface DmnElement {
    $type: string;
    id?: string;
    name?: string;
    [property: string]: unknown;
  }
  export class DmnModdle {
    fromXML(xml: string): Promise<{ rootElement: DmnElement; warnings: { message: string }[] }>;
  }
}
