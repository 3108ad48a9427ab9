const { typeOf } = require('./helper');

/** A gateway that decides asks a question, and each flow out of it is an answer with its condition: none is taken by default, unseen. */
module.exports = () => ({
  check(node, reporter) {
    if (typeOf(node) !== 'ExclusiveGateway' || (node.outgoing ?? []).length < 2) return;
    if (!/^[A-Z].*\?$/.test(node.name ?? '')) reporter.report(node.id, 'Gateway has to ask a question');
    for (const flow of node.outgoing) {
      if (!flow.name) reporter.report(flow.id, 'Flow has to be labelled with its answer');
      if (!flow.conditionExpression) reporter.report(flow.id, 'Flow has to have a condition');
    }
  },
});
