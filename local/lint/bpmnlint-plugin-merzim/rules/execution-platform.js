/** Diagrams are made for Camunda 8.6, the oldest release that they run on: the Modeler then offers and checks what that has. */
module.exports = () => ({
  check(node, reporter) {
    if (node.$type !== 'bpmn:Definitions') return;
    const platform = node.$attrs['modeler:executionPlatform'];
    const version = node.$attrs['modeler:executionPlatformVersion'];
    if (platform !== 'Camunda Cloud' || version !== '8.6.0')
      reporter.report(node.id, 'Execution platform has to be Camunda Cloud 8.6.0');
  },
});
