import type { FastifyRequest } from 'fastify';
import type { InputProblem } from '../../core/errors.js';
import type { Form } from '../inspection/commands.js';
import { describeProblem } from '../plugins/problems.js';
import { formFieldOf } from './labels.js';
import type { Refused } from './public.js';

/** The body of a form post; empty where there is none. */
export function formOf(request: FastifyRequest): Form {
  return typeof request.body === 'object' && request.body !== null ? (request.body as Form) : {};
}

/** The fields of a form that were filled in, without the token. */
export function filled(form: Form): Form {
  return Object.fromEntries(Object.entries(form).filter(([name, value]) => name !== '_csrf' && value !== ''));
}

/** An application as the public page's form has it, in the shape of the API. */
export function applicationOf(form: Form, language: string): unknown {
  const { senderName, iin, bin, email, phone, facts, employees, thirdParties, periodFrom, periodTo, triggerKind } =
    filled(form);
  return {
    triggerKind,
    sender: { name: senderName, iin, bin, email, phone },
    language: language === 'kk' ? 'kk' : 'ru',
    facts: facts === undefined ? [] : [facts],
    employees: linesOf(employees).map((name) => ({ name })),
    thirdParties: linesOf(thirdParties),
    ...(periodFrom || periodTo ? { period: { from: periodFrom, to: periodTo } } : {}),
  };
}

function linesOf(value: Form[string]): string[] {
  return [value ?? []]
    .flat()
    .join('\n')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter(Boolean);
}

/** A refused application with what was typed into it, to be shown again. */
export function refusedOf(request: FastifyRequest, problem: InputProblem): Refused {
  const { title, errors = [] } = describeProblem(request, problem);
  const values = Object.entries(filled(formOf(request))).map(([name, value]) => [name, [value].flat()[0] ?? '']);
  const faults = errors.map(({ field, detail }) => [formFieldOf(field), detail]);
  return {
    title,
    values: Object.fromEntries(values) as Record<string, string>,
    faults: Object.fromEntries(faults) as Record<string, string>,
  };
}
