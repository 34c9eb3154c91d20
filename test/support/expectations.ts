import type { Answer } from './app.js';

interface Problem {
  code?: string;
  errors?: { pointer: string }[];
}

/** The answer is a problem of this status and code and, where given, points at this field. */
export function expectProblem(answer: Answer<unknown>, status: number, code: string, pointer?: string): void {
  const problem = answer.body as Problem | undefined;
  expect({ status: answer.status, code: problem?.code }).toEqual({ status, code });
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  if (pointer !== undefined) expect(problem?.errors?.map((error) => error.pointer)).toContain(pointer);
}

/** How many of the answers had which status. */
export const statuses = (answers: Answer<unknown>[]): Record<number, number> =>
  Object.fromEntries(
    [...Map.groupBy(answers, ({ status }) => status)].map(([status, group]) => [status, group.length]),
  );

/** The code of a problem, of JSON or of a page; undefined where the answer is none. */
export function codeOf(text: string): string | undefined {
  if (!text.startsWith('<')) return (JSON.parse(text || '{}') as Problem).code;
  return /<p class="soft">\d{3} (\w+)<\/p>/.exec(text)?.[1];
}
