import type { VNode } from 'preact';
import type { DiagramPath, PathStep, StepState } from '../../core/case-path.js';
import { Badge, Section } from './case-parts.js';
import { Stamp, type PageContext } from './layout.js';

/** How each state of a step looks among the badges. */
const badges: Record<StepState, string> = { done: 'kept', current: 'open', late: 'broken' };

/** The way of the case: a fold for each diagram, with the steps as a list, and the picture over it where there is script. */
export function Diagrams({ context: { text }, paths }: { context: PageContext; paths: DiagramPath[] }): VNode {
  const [shown] = paths;
  return (
    <Section part="diagram" text={text}>
      {!shown && <p class="empty">{text.say('diagram.none')}</p>}
      {paths.map((path) => (
        <details class="fold diagram" name="diagram" open={path === shown}>
          <summary lang="en">{path.diagram.name}</summary>
          <div
            class="picture"
            hidden
            role="group"
            aria-label={text.say('diagram.picture', { name: path.diagram.name })}
            data-source={`/assets/diagrams/${path.diagram.processId}`}
            data-done={idsOf(path, 'done')}
            data-current={idsOf(path, 'current')}
            data-late={idsOf(path, 'late')}
          />
          <ol class="steps">
            {path.steps.map((step) => (
              <Step text={text} path={path} step={step} />
            ))}
          </ol>
        </details>
      ))}
      <script src="/assets/bpmn-js/viewer.js" defer />
      <script src="/assets/diagram.js" defer />
    </Section>
  );
}

function Step({ text, path, step }: { text: PageContext['text']; path: DiagramPath; step: PathStep }): VNode {
  const { elementId, state, times, at } = step;
  const { name, documentation } = path.diagram.elements.get(elementId)!;
  return (
    <li>
      <span lang="en">{name}</span> <Badge kind={badges[state]}>{text.say(`diagram.${state}`)}</Badge>{' '}
      {at && <Stamp at={at} text={text} />} {times > 1 && <small>{text.say('diagram.times', { count: times })}</small>}
      {text.language !== 'en' && documentation && (
        <small class="told" lang="ru">
          {documentation}
        </small>
      )}
    </li>
  );
}

function idsOf({ steps }: DiagramPath, state: StepState): string {
  return steps.flatMap((step) => (step.state === state ? [step.elementId] : [])).join(' ');
}
