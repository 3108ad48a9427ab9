const { extension, typeOf } = require('./helper');

const jobType = /^[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*$/;

/** A service task names its job type as a constant, `<process>.<verb-object>`, and has five attempts: the runtime's back-off is made for them. */
module.exports = () => ({
  check(node, reporter) {
    const definition = extension(node, 'zeebe:TaskDefinition');
    if (typeOf(node) !== 'ServiceTask' || !definition) return;
    if (!jobType.test(definition.type ?? '')) reporter.report(node.id, 'Job type has to be <process>.<verb-object>');
    if (definition.retries !== '5') reporter.report(node.id, 'Retries have to be 5');
  },
});
