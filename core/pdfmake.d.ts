/** pdfmake 0.3 ships no types: what letters use of it. */
declare module 'pdfmake' {
  export interface PdfText {
    text: string | PdfInline[];
    fontSize?: number;
    bold?: boolean;
    color?: string;
    alignment?: 'left' | 'right' | 'center';
    margin?: [number, number, number, number];
    lineHeight?: number;
    headlineLevel?: number;
  }
  export interface PdfInline {
    text: string;
    bold?: boolean;
    italics?: boolean;
    fontSize?: number;
    color?: string;
    link?: string;
    noWrap?: boolean;
  }
  export type PdfNode = (
    | PdfText
    | { stack: PdfNode[] }
    | { columns: PdfNode[]; columnGap?: number }
    | { ul: PdfNode[] }
    | { ol: PdfNode[] }
    | {
        table: { headerRows: number; dontBreakRows: boolean; widths: (number | string)[]; body: PdfNode[][] };
        layout: string;
      }
    | {
        canvas: {
          type: 'line';
          x1: number;
          y1: number;
          x2: number;
          y2: number;
          lineWidth: number;
          lineColor: string;
        }[];
      }
  ) & { margin?: [number, number, number, number]; width?: number | string; pageBreak?: 'before' | 'after' };

  export interface PdfDefinition {
    content: PdfNode[];
    footer: (page: number, pages: number) => PdfNode;
    pageBreakBefore?: (node: PdfQuery, around: { getFollowingNodesOnPage(): PdfQuery[] }) => boolean;
    pageSize: 'A4';
    pageOrientation?: 'portrait' | 'landscape';
    pageMargins: [number, number, number, number];
    defaultStyle: { font: string; fontSize: number; lineHeight: number };
    info: Record<string, string | Date>;
    language: string;
    displayTitle: boolean;
    version: string;
  }
  export interface PdfQuery {
    headlineLevel?: number;
  }
  const pdfmake: {
    virtualfs: { writeFileSync(name: string, content: Buffer): void };
    setFonts(fonts: Record<string, Record<'normal' | 'bold' | 'italics' | 'bolditalics', string>>): void;
    setUrlAccessPolicy(policy: (url: string) => boolean): void;
    setLocalAccessPolicy(policy: (path: string) => boolean): void;
    createPdf(definition: PdfDefinition): { getBuffer(): Promise<Buffer> };
  };
  export default pdfmake;
}
