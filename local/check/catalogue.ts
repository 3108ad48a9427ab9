import ts from 'typescript';
import type { Catalogue, Sentence } from '../../core/text.js';

/** A key of the catalogue that a source names, and what it fills the sentence with; null where that can't be read. */
export interface Said {
  file: string;
  key: string;
  params: string[] | null;
}

/** Keys that a source puts together: `page.` and `-lead` of `page.${name}-lead`. */
export interface SaidPattern {
  file: string;
  prefix: string;
  suffix: string;
}

export interface Sayings {
  said: Said[];
  patterns: SaidPattern[];
  /** Every text and name in the sources: what a pattern may be filled with. */
  words: Set<string>;
}

/**
 * What a source asks of the catalogue: `say(key, params)`, the problems and faults of the API (`new InputProblem(status, type, faults, params)`,
 * `{ field, code, params }`, `refuse(field, code, params)`, a schema's own refusal), and the keys that it puts together.
 */
export function sayingsIn(source: string, file: string): Sayings {
  const kind = file.endsWith('.tsx') ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  const found: Sayings = { said: [], patterns: [], words: new Set() };
  const add = (prefix: string, key: ts.Expression | undefined, params: string[] | null): void => {
    for (const text of textsOf(key))
      if (typeof text === 'string') found.said.push({ file, key: `${prefix}${text}`, params });
      else found.patterns.push({ file, prefix: `${prefix}${text.prefix}`, suffix: text.suffix });
  };
  const walk = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isIdentifier(node)) found.words.add(node.text);
    if (ts.isCallExpression(node)) {
      const [first, second, third] = node.arguments;
      if (ts.isPropertyAccessExpression(node.expression) && node.expression.name.text === 'say')
        add('', first, paramsOf(second));
      const refuses = ts.isIdentifier(node.expression) && node.expression.text === 'refuse';
      if (refuses && second && ts.isStringLiteral(second) && isCode(second.text))
        add('fault.', second, paramsOf(third));
    }
    if (ts.isNewExpression(node) && node.expression.getText() === 'InputProblem')
      add('problem.', node.arguments?.[1], paramsOf(node.arguments?.[3]));
    if (ts.isObjectLiteralExpression(node)) {
      const code = valueOf(node, 'code');
      if (code && has(node, 'field')) add('fault.', code, has(node, 'params') ? paramsOf(valueOf(node, 'params')) : []);
      if (code && ts.isStringLiteral(code) && code.text === 'custom') add('fault.', valueOf(node, 'message'), []);
    }
    ts.forEachChild(node, walk);
  };
  walk(ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true, kind));
  return found;
}

/** What the sources say and the catalogue lacks, and sentences that are given other parameters than they have. */
export function sayingFaults({ said, patterns }: Pick<Sayings, 'said' | 'patterns'>, catalogue: Catalogue): string[] {
  const keys = Object.keys(catalogue);
  return [
    ...said.flatMap(({ file, key, params }) => {
      const sentence = catalogue[key];
      if (sentence === undefined) return [`${file}: says ${key}, which the catalogue lacks`];
      if (params === null) return [];
      const wanted = parametersOf(sentence);
      return [
        ...wanted.filter((name) => !params.includes(name)).map((name) => `${file}: says ${key} without {${name}}`),
        ...params.filter((name) => !wanted.includes(name)).map((name) => `${file}: ${key} has no {${name}}`),
      ];
    }),
    ...patterns
      .filter((pattern) => !keys.some((key) => fillingOf(key, pattern) !== null))
      .map(({ file, prefix, suffix }) => `${file}: says ${prefix}…${suffix}, which the catalogue lacks`),
  ];
}

/** Keys that nobody says: not by name, and not put together from a word that is there. `others` are the words of diagrams, tables and letters. */
export function unusedKeys(
  { said, patterns, words }: Sayings,
  catalogue: Catalogue,
  others: ReadonlySet<string>,
): string[] {
  const named = new Set(said.map(({ key }) => key));
  return Object.keys(catalogue).filter(
    (key) =>
      !named.has(key) &&
      !words.has(key) &&
      !patterns.some((pattern) => {
        const filling = fillingOf(key, pattern);
        return filling !== null && (words.has(filling) || others.has(filling));
      }),
  );
}

const spoken = ['aria-label', 'alt', 'label', 'placeholder', 'title'];

/** Words that a page shows without the catalogue: between tags, and in attributes that are read or shown. `names` are no words. */
export function wordsOutside(source: string, file: string, names: readonly string[]): string[] {
  const found: string[] = [];
  const look = (text: string): void => {
    const words = text.replace(/&\w+;/g, ' ').match(/\p{L}{2,}/gu) ?? [];
    if (words.some((word) => !names.includes(word)))
      found.push(`${file}: '${text.trim()}' stands outside of the catalogue`);
  };
  const walk = (node: ts.Node): void => {
    if (ts.isJsxText(node)) look(node.text);
    if (ts.isJsxAttribute(node) && node.initializer && ts.isStringLiteral(node.initializer))
      if (spoken.includes(node.name.getText())) look(node.initializer.text);
    ts.forEachChild(node, walk);
  };
  walk(ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX));
  return found;
}

/** Names of the `{parameters}` of a sentence, in any of its plural forms; `count` chooses the form. */
export function parametersOf(sentence: Sentence): string[] {
  const forms = typeof sentence === 'string' ? [sentence] : Object.values(sentence);
  const names = forms.flatMap((form) => [...form.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string));
  return [...new Set(typeof sentence === 'string' ? names : ['count', ...names])];
}

/** What stands for the dots when a pattern makes a key; null when it can't. */
function fillingOf(key: string, { prefix, suffix }: SaidPattern): string | null {
  const fits = key.startsWith(prefix) && key.endsWith(suffix) && key.length > prefix.length + suffix.length;
  return fits ? key.slice(prefix.length, key.length - suffix.length) : null;
}

/** The texts that an expression may be; of one that is put together, its beginning and its end. */
function textsOf(node: ts.Expression | undefined): (string | { prefix: string; suffix: string })[] {
  if (!node) return [];
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isParenthesizedExpression(node)) return textsOf(node.expression);
  if (ts.isConditionalExpression(node)) return [...textsOf(node.whenTrue), ...textsOf(node.whenFalse)];
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken)
    return [...textsOf(node.left), ...textsOf(node.right)];
  if (ts.isTemplateExpression(node) && node.head.text)
    return [{ prefix: node.head.text, suffix: node.templateSpans.at(-1)?.literal.text ?? '' }];
  return [];
}

function paramsOf(node: ts.Expression | undefined): string[] | null {
  if (!node) return [];
  if (!ts.isObjectLiteralExpression(node) || node.properties.some((property) => !property.name)) return null;
  return node.properties.map((property) => (property.name as ts.PropertyName).getText());
}

/** Codes are in kebab case; what the trail refuses to a programmer is a sentence. */
const isCode = (text: string): boolean => /^[a-z]+(-[a-z]+)*$/.test(text);

const has = (node: ts.ObjectLiteralExpression, name: string): boolean =>
  node.properties.some((property) => property.name?.getText() === name);

function valueOf(node: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  const property = node.properties.find((candidate) => candidate.name?.getText() === name);
  return property && ts.isPropertyAssignment(property) ? property.initializer : undefined;
}
