/** Small readers of BPMN elements that several rules share. */

/** Local name of an element's type, e.g. `UserTask`. */
const typeOf = (node) => node.$type.replace(/^bpmn:/, '');

const isFlowNode = (node) => typeof node.$instanceOf === 'function' && node.$instanceOf('bpmn:FlowNode');

/** Zeebe extension elements of a type, e.g. `zeebe:TaskDefinition`. */
const extensions = (node, type) => (node.extensionElements?.values ?? []).filter((value) => value.$type === type);

const extension = (node, type) => extensions(node, type)[0];

/** What an element's input mappings give, by target; undefined where there is none. */
const inputsOf = (node) => mappings(node, 'inputParameters');
const outputsOf = (node) => mappings(node, 'outputParameters');

function mappings(node, kind) {
  const mapping = extension(node, 'zeebe:IoMapping');
  return new Map((mapping?.[kind] ?? []).map(({ target, source }) => [target, source]));
}

const jobTypeOf = (node) => extension(node, 'zeebe:TaskDefinition')?.type;

/** A FEEL text constant, e.g. `="x"` -> `x`; undefined for anything else. */
const constantOf = (expression) => /^=\s*"([^"]*)"$/.exec(expression ?? '')?.[1];

const kebab = (name) => name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();

module.exports = { typeOf, isFlowNode, extension, extensions, inputsOf, outputsOf, jobTypeOf, constantOf, kebab };
