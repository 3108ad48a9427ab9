const { extension, typeOf } = require('./helper');

const messageName = /^[a-z][a-z0-9-]*\.[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** A message is `<process>.<noun-participle>`; what waits for it names the correlation key. Only the start of a process needs none. */
module.exports = () => ({
  check(node, reporter) {
    const message = node.messageRef ?? node.eventDefinitions?.find(({ messageRef }) => messageRef)?.messageRef;
    if (!message || node.$type === 'bpmn:MessageEventDefinition') return;
    if (!messageName.test(message.name ?? ''))
      reporter.report(node.id, 'Message has to be <process>.<noun-participle>');
    const startsProcess = typeOf(node) === 'StartEvent' && node.$parent.$type === 'bpmn:Process';
    const key = extension(message, 'zeebe:Subscription')?.correlationKey;
    if (!startsProcess && !/^=\s*[a-z]\w*$/i.test(key ?? ''))
      reporter.report(node.id, 'Correlation key has to be one variable, such as =caseNumber');
  },
});
