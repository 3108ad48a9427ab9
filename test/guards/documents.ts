import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** A page of documentation: path from the root with `/`, and its text. */
export interface Page {
  file: string;
  text: string;
}

const skipped = new Set(['node_modules', 'dist', 'coverage', 'target', '.git', '.merzim']);

/** Letters, whose links are placeholders, and help, whose links are pages of the site. */
const noDocuments = /^config\/(letters$|help\/)/;

/** All Markdown pages for who works on the project. */
export function readPages(root: string, folder = ''): Page[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) return skipped.has(entry.name) || noDocuments.test(file) ? [] : readPages(root, file);
    return entry.name.endsWith('.md') ? [{ file, text: readFileSync(path.join(root, file), 'utf8') }] : [];
  });
}

const withoutCode = (text: string): string => text.replace(/^(```|~~~)[\s\S]*?^\1/gm, '').replace(/`[^`\n]*`/g, '`');

/** What a page shows as code: blocks and spans. */
export function codeOf(text: string): string {
  const blocks = [...text.matchAll(/^(```|~~~)[^\n]*\n([\s\S]*?)^\1/gm)].map(([, , block]) => block);
  const rest = text.replace(/^(```|~~~)[\s\S]*?^\1/gm, '');
  return [...blocks, ...[...rest.matchAll(/`([^`\n]+)`/g)].map(([, span]) => span)].join('\n');
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of text.replace(/^(```|~~~)[\s\S]*?^\1/gm, '').matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = plain.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-');
    let unique = anchor;
    for (let number = 1; anchors.has(unique); number += 1) unique = `${anchor}-${number}`;
    anchors.add(unique);
  }
  return anchors;
}

/** Links of a page to files of the project or to headings that aren't there. */
export function brokenLinks(root: string, { file, text }: Page): string[] {
  const prose = withoutCode(text);
  const targets = [
    ...[...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)].map(([, target = '']) => target),
    ...[...prose.matchAll(/^\[[^\]]+\]:\s*<?([^\s>]+)/gm)].map(([, target = '']) => target),
    ...[...prose.matchAll(/<(?:img|a)\b[^>]*?\b(?:src|href)="([^"]+)"/g)].map(([, target = '']) => target),
  ];
  return targets.flatMap((target) => {
    if (/^[a-z][a-z0-9+.-]*:/i.test(target) || target.startsWith('//')) return [];
    const [link = '', anchor] = target.split('#', 2);
    const to = link === '' ? file : path.posix.join(path.posix.dirname(file), decodeURIComponent(link));
    if (link !== '' && (to.startsWith('..') || !existsSync(path.join(root, to))))
      return [`${file}: ${target} leads to no file`];
    if (anchor === undefined || !to.endsWith('.md')) return [];
    const linked = to === file ? text : readFileSync(path.join(root, to), 'utf8');
    return anchorsOf(linked).has(anchor) ? [] : [`${file}: ${target} leads to no heading`];
  });
}

/** Paths of the project in a page's code that don't exist. A path with a placeholder (`<name>`, `*`, `{number}`) is none. */
export function missingPaths(root: string, { file, text }: Page): string[] {
  const folders = '(?:\\.ci|api|bpmn|config|connectors|core|docs|local|test|workers)';
  const rest = text.replace(/^(```|~~~)[\s\S]*?^\1/gm, '');
  const named = [...rest.matchAll(new RegExp('`(' + folders + '/[^`\\s]*)`', 'g'))].map(([, found = '']) => found);
  return named
    .filter((found) => !/[<>*{}…]|\.\.\./.test(found))
    .map((found) => found.replace(/[#:].*$/, '').replace(/\/$/, ''))
    .filter((found) => !existsSync(path.join(root, found)))
    .map((found) => `${file}: ${found} is not there`);
}

/** The scripts of package.json that a text has somebody run. */
export function scriptsNamed(text: string): string[] {
  const run = [...text.matchAll(/\bnpm run ([a-z][\w:-]*)/g)].map(([, name = '']) => name);
  const short = [...text.matchAll(/\bnpm (test|start)\b/g)].map(([, name = '']) => name);
  return [...new Set([...run, ...short])];
}

/** Words in capitals with an underscore, or before an equals sign, in a page's code: names of environment variables. */
export function variablesNamed(text: string): string[] {
  const code = codeOf(text);
  const words = [...code.matchAll(/(?<![\w./-])([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?![\w(])/g)].map(
    ([, name = '']) => name,
  );
  const assigned = [...code.matchAll(/(?:^|\s)([A-Z][A-Z0-9_]+)=/gm)].map(([, name = '']) => name);
  return [...new Set([...words, ...assigned])];
}

/** Names in capitals that the programs of a folder quote, read as a property or set: `env.PORT`, `number('ROWS')`, `HOST: '127.0.0.1'`. */
export function variablesRead(root: string, folder: string): Set<string> {
  const names = new Set<string>();
  for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
    const file = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!skipped.has(entry.name)) for (const name of variablesRead(root, file)) names.add(name);
    } else if (/\.(ts|mjs|js)$/.test(entry.name))
      for (const [name] of readFileSync(path.join(root, file), 'utf8').matchAll(
        /(?<=['.])[A-Z][A-Z0-9_]+\b|\b[A-Z][A-Z0-9_]+(?=:)/g,
      ))
        names.add(name);
  }
  return names;
}
