const { constantOf, inputsOf, jobTypeOf, outputsOf, typeOf } = require('./helper');

/** A user task leads to one step that records the decision, and to the gateway that opens the same task again when it is refused. */
module.exports = () => ({
  check(node, reporter) {
    if (typeOf(node) !== 'UserTask') return;
    const report = (message) => reporter.report(node.id, message);
    const step = only(node.outgoing)?.targetRef;
    if (!step || jobTypeOf(step) !== 'decision.record') return report('User task has to lead to decision.record alone');
    const inputs = inputsOf(step);
    if (constantOf(inputs.get('taskElementId')) !== node.id)
      report(`${step.id} has to record taskElementId ${node.id}`);
    if (!constantOf(inputs.get('decision'))) report(`${step.id} has to name its decision as a constant`);
    for (const name of ['decisionSubject', 'answers']) if (!inputs.has(name)) report(`${step.id} has to map ${name}`);
    for (const answer of outputsOf(node).keys())
      if (!new RegExp(`\\b${answer}: ${answer}\\b`).test(inputs.get('answers') ?? ''))
        report(`${step.id} has to record the answer ${answer}`);
    const gateway = only(step.outgoing)?.targetRef;
    if (!gateway || typeOf(gateway) !== 'ExclusiveGateway') return report(`${step.id} has to lead to a gateway`);
    const refused = gateway.outgoing.find((flow) => flow.conditionExpression?.body === '=decisionAccepted = false');
    const accepted = gateway.outgoing.find((flow) => flow.conditionExpression?.body === '=decisionAccepted');
    if (refused?.targetRef !== node) report(`${gateway.id} has to open ${node.id} again when refused`);
    if (!accepted || gateway.outgoing.length !== 2)
      report(`${gateway.id} has to have two ways out, on decisionAccepted`);
  },
});

const only = (flows) => (flows?.length === 1 ? flows[0] : undefined);
