const { constantOf, extension, inputsOf, typeOf } = require('./helper');

// One rule, or several whose clock the timer serves alike.
const clockName = /^DL-[A-Z]+-\d+(?:, DL-[A-Z]+-\d+)* (target|due)$/;

/**
 * A timer at a moment of a statutory clock is named for rule and moment, interrupts nothing, and leads to the process that asks the stored
 * clock what is true. Timers of a span (a poll, a pause) are free; so is the wait of `report-clock` itself for a moved moment.
 */
module.exports = () => ({
  check(node, reporter) {
    const timer = node.eventDefinitions?.find(({ $type }) => $type === 'bpmn:TimerEventDefinition');
    if (!timer?.timeDate || processOf(node)?.id === 'report-clock') return;
    const report = (message) => reporter.report(node.id, message);
    const moment = clockName.exec(node.name ?? '')?.[1];
    if (!moment) return report('Timer has to be named for its rule and moment, such as DL-INS-1 target');
    if (typeOf(node) === 'BoundaryEvent' && node.cancelActivity !== false)
      report('Timer of a clock must not interrupt');
    const call = node.outgoing?.length === 1 ? node.outgoing[0].targetRef : undefined;
    if (!call || extension(call, 'zeebe:CalledElement')?.processId !== 'report-clock')
      return report('Timer of a clock has to lead to report-clock');
    if (constantOf(inputsOf(call).get('moment')) !== moment) report(`${call.id} has to report the moment ${moment}`);
  },
});

function processOf(node) {
  for (let element = node; element; element = element.$parent) if (element.$type === 'bpmn:Process') return element;
}
