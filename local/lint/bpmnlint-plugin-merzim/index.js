/** The project's own rules for diagrams, each described in bpmn/README.md. Plain CommonJS, so that bpmnlint, editors and the Modeler load it as it is. */
const names = [
  'clock-timer',
  'decision-recorded',
  'element-id',
  'execution-platform',
  'explicit-call',
  'flows-do-not-cross',
  'gateway-question',
  'job-type',
  'message-key',
  'native-user-task',
  'russian-term',
  'task-announced',
];

module.exports = {
  rules: Object.fromEntries(names.map((name) => [name, `./rules/${name}`])),
  configs: { recommended: { rules: Object.fromEntries(names.map((name) => [name, 'error'])) } },
};
