const { extension, inputsOf, typeOf } = require('./helper');

/** A called process gets what its mappings give it and returns what they name, nothing else: the contract is in the diagram. */
module.exports = () => ({
  check(node, reporter) {
    if (typeOf(node) !== 'CallActivity') return;
    const called = extension(node, 'zeebe:CalledElement');
    if (!called) return; // camunda-compat/called-element reports it
    if (called.propagateAllChildVariables !== false || called.propagateAllParentVariables !== false)
      reporter.report(node.id, 'Call has to set propagateAllChildVariables and propagateAllParentVariables to false');
    const inputs = inputsOf(node);
    for (const name of ['caseId', 'caseNumber'])
      if (!inputs.has(name)) reporter.report(node.id, `Call has to hand on ${name}`);
  },
});
