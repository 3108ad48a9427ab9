const { isFlowNode, typeOf } = require('./helper');

/** An id is the element's type, an underscore and words in capitals: `ServiceTask_RequestDocument`. Ids are in tests, jobs and Operate's links. */
module.exports = () => ({
  check(node, reporter) {
    if (!isFlowNode(node)) return;
    const wanted = new RegExp(`^${typeOf(node)}_([A-Z][a-z0-9]*)+$`);
    if (!wanted.test(node.id)) reporter.report(node.id, `Id has to be ${typeOf(node)}_ and words in capitals`);
  },
});
