import { get } from './api.js';
import { byId, el, time } from './dom.js';

/** @typedef {{ id: string, title: string, description: string | null, dueDate: string | null, priority: string, completed: boolean }} Task */

/** @type {Set<string> | undefined} those that were shown before */
let known;
let asked = 0;

/** Shows the tasks as they are now. */
export async function showTasks() {
  const mine = ++asked;
  const [open, done] = await Promise.all([
    get('/v1/tasks?status=open&sort=dueDate&limit=100'),
    get('/v1/tasks?status=completed&limit=10'),
  ]);
  if (mine !== asked) return;
  const before = known;
  byId('tasks').replaceChildren(...open.data.map((/** @type {Task} */ one) => item(one, before)));
  byId('done-tasks').replaceChildren(...done.data.map((/** @type {Task} */ one) => item(one, before)));
  byId('no-tasks').hidden = open.data.length > 0;
  byId('done').hidden = done.data.length === 0;
  known = new Set([...open.data, ...done.data].map(keyOf));
}

/** Nobody's. */
export function forgetTasks() {
  asked += 1;
  known = undefined;
  byId('tasks').replaceChildren();
  byId('done-tasks').replaceChildren();
}

const keyOf = (/** @type {Task} */ { id, completed }) => `${id} ${completed}`;

/** @param {Task} task @param {Set<string> | undefined} before */
function item(task, before) {
  const { title, description, dueDate, priority, completed } = task;
  const soft = el('p', { class: 'soft' });
  if (dueDate && !completed) soft.append('Due ', time(dueDate));
  if (priority !== 'medium' && !completed)
    soft.append(soft.hasChildNodes() ? ' · ' : '', `${priority} priority`);
  const isNew = before !== undefined && !before.has(keyOf(task));
  return el(
    'li',
    { class: isNew ? 'changed' : undefined },
    el('p', { class: 'title' }, title),
    ...(description ? [el('p', { class: 'soft' }, description)] : []),
    ...(soft.hasChildNodes() ? [soft] : []),
  );
}
