const { extension, inputsOf, jobTypeOf, typeOf } = require('./helper');

/** A user task announces itself when it opens, with the decision and the subject that its record step names: by this people learn of it. */
module.exports = () => ({
  check(node, reporter) {
    if (typeOf(node) !== 'UserTask') return;
    const report = (message) => reporter.report(node.id, message);
    const listeners = extension(node, 'zeebe:ExecutionListeners')?.listeners ?? [];
    const [listener] = listeners.filter(({ type }) => type === 'task.announce');
    if (listeners.length !== 1 || listener?.eventType !== 'start' || listener.retries !== '5')
      return report('User task has to have one listener: start, type task.announce, 5 retries');
    const step = node.outgoing?.[0]?.targetRef;
    // Where no decision is recorded decision-recorded says so.
    if (!step || jobTypeOf(step) !== 'decision.record') return;
    for (const name of ['decision', 'decisionSubject'])
      if (inputsOf(node).get(name) !== inputsOf(step).get(name)) report(`Input ${name} has to be that of ${step.id}`);
  },
});
