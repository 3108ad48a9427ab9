/**
 * Lints diagrams by the project's .bpmnlintrc, the same that the Modeler and `npx bpmnlint` read: `node local/lint/lint.mjs FILE...` prints
 * [{file, rule, elementId, message}] as JSON. Plain JavaScript in a process of its own: bpmnlint loads ES modules by require, which jest can't.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { BpmnModdle } from 'bpmn-moddle';
import { Linter } from 'bpmnlint';

const root = fileURLToPath(new URL('../../', import.meta.url));
const require = createRequire(`${root}package.json`);
const NodeResolver = require('bpmnlint/lib/resolver/node-resolver');
const config = JSON.parse(readFileSync(`${root}.bpmnlintrc`, 'utf8'));
const extensions = Object.entries(config.moddleExtensions).map(([name, module]) => [name, require(module)]);

const findings = [];
for (const file of process.argv.slice(2)) {
  const moddle = new BpmnModdle(Object.fromEntries(extensions));
  const { rootElement, warnings } = await moddle.fromXML(readFileSync(file, 'utf8'));
  for (const { message } of warnings) findings.push({ file, rule: 'import', elementId: '', message });
  // Some rules remember what they saw: each file gets a linter of its own.
  const linter = new Linter({ config, resolver: new NodeResolver({ require }) });
  for (const [rule, reports] of Object.entries(await linter.lint(rootElement)))
    for (const { id, message } of reports) findings.push({ file, rule, elementId: id ?? '', message });
}
console.log(JSON.stringify(findings));
