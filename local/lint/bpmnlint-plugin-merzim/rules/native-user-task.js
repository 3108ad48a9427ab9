const { extension, inputsOf, kebab, outputsOf, typeOf } = require('./helper');

/**
 * A user task is Zeebe's own, shows the form of its name, and goes to groups that the case says. Only the answers that it maps leave it, and
 * each answer is empty when the task opens: what was answered before, or is completed beside the form, decides nothing. Tasklist shows the
 * variable taskContextDisplayName on the task's card: without it all tasks of a kind look the same.
 */
module.exports = () => ({
  check(node, reporter) {
    if (typeOf(node) !== 'UserTask') return;
    const report = (message) => reporter.report(node.id, message);
    if (!extension(node, 'zeebe:UserTask')) report('User task has to be Zeebe’s own (zeebe:userTask)');
    const form = kebab(node.id.replace(/^UserTask_/, ''));
    if (extension(node, 'zeebe:FormDefinition')?.formId !== form) report(`User task has to show the form ${form}`);
    const groups = extension(node, 'zeebe:AssignmentDefinition')?.candidateGroups ?? '';
    if (!groups.startsWith('=[')) report('Candidate groups have to be an expression, such as =[issGroup]');
    if (!extension(node, 'zeebe:PriorityDefinition')?.priority) report('User task has to have a priority');
    const outputs = outputsOf(node);
    if (outputs.size === 0) report('User task has to map its answers');
    const inputs = inputsOf(node);
    if (inputs.get('taskContextDisplayName') !== '=caseNumber')
      report('User task has to show its case in the list: input =caseNumber as taskContextDisplayName');
    for (const name of outputs.keys())
      if (inputs.get(name) !== '=null') report(`Answer ${name} has to be empty at first: input =null`);
  },
});
