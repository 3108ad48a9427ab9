const { isFlowNode, typeOf } = require('./helper');

/** Labels are English; the documentation of each step, event and question gives the Russian term of the act. */
module.exports = () => ({
  check(node, reporter) {
    if (!isFlowNode(node)) return;
    if (/Gateway$/.test(typeOf(node)) && !node.name) return;
    const text = (node.documentation ?? []).map(({ text }) => text).join(' ');
    if (!/\p{Script=Cyrillic}{3}/u.test(text)) reporter.report(node.id, 'Documentation has to give the Russian term');
  },
});
