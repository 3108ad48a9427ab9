/** Drawn flows do not cross, except where both lead to or come from the same element: what crosses is hard to follow in Operate. */
module.exports = () => ({
  check(node, reporter) {
    if (node.$type !== 'bpmndi:BPMNPlane') return;
    const edges = (node.planeElement ?? []).filter(
      (element) => element.$type === 'bpmndi:BPMNEdge' && element.bpmnElement?.$type === 'bpmn:SequenceFlow',
    );
    edges.forEach((edge, index) => {
      for (const other of edges.slice(index + 1))
        if (!related(edge.bpmnElement, other.bpmnElement) && cross(edge.waypoint, other.waypoint))
          reporter.report(edge.bpmnElement.id, `Flow crosses ${other.bpmnElement.id}`);
    });
  },
});

const related = (a, b) => a.sourceRef === b.sourceRef || a.targetRef === b.targetRef;
const segments = (points) => points.slice(1).map((point, index) => [points[index], point]);
const cross = (a, b) => segments(a).some((one) => segments(b).some((two) => meet(one, two)));

function meet([a, b], [c, d]) {
  const side = (p, q, r) => Math.sign((q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x));
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}
