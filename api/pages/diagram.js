// Draws the diagrams of a case file over their lists of steps. Without it the lists say the same.
'use strict';

const ids = (value) => (value ? value.split(' ') : []);

/** Draws a diagram once, when it is first unfolded: before that it has no size to fit into. */
async function draw(figure) {
  if (figure.dataset.drawn) return;
  figure.dataset.drawn = 'yes';
  const response = await fetch(figure.dataset.source);
  if (!response.ok) return;
  figure.hidden = false;
  const viewer = new globalThis.BpmnJS({ container: figure });
  await viewer.importXML(await response.text());
  const canvas = viewer.get('canvas');
  for (const state of ['done', 'current', 'late'])
    for (const id of ids(figure.dataset[state])) canvas.addMarker(id, `step-${state}`);
  new ResizeObserver(() => {
    canvas.resized();
    if (figure.clientWidth > 0) canvas.zoom('fit-viewport', 'auto');
  }).observe(figure);
  // The picture can be moved by the keyboard, and has to say what it is.
  const picture = figure.querySelector('svg');
  picture.setAttribute('role', 'application');
  picture.setAttribute('aria-label', figure.getAttribute('aria-label'));
}

for (const figure of document.querySelectorAll('[data-source]')) {
  const fold = figure.closest('details');
  fold.addEventListener('toggle', () => {
    if (fold.open) void draw(figure);
  });
  if (fold.open) void draw(figure);
}
