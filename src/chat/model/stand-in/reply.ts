import { type Wish, wishOf } from './sentence.js';
import { type Prompt, type ToolResult, turnOf } from './turn.js';

/** What comes next: words, or a call of a tool. */
export type Reply = { text: string } | { toolName: string; input: object };

interface Task {
  id: string;
  title: string;
  dueDate: string | null;
}

const HELP = `I follow a few simple sentences, such as:
- add task buy milk tomorrow at 5pm
- remind me to call Ada on Friday
- what is left?
- done with buy milk
- delete buy milk
- find messages about milk
- what do you know?`;

/** The same for the same messages on the same day. */
export function replyTo(prompt: Prompt, now: Date): Reply {
  const { sentence, results } = turnOf(prompt);
  const failed = results.find(({ failure }) => failure !== undefined);
  if (failed) return { text: `That did not work. ${failed.failure}` };
  const wish = wishOf(sentence, now);
  return results.length === 0 ? firstCall(wish) : (after(wish, results) ?? { text: 'Done.' });
}

function firstCall(wish: Wish): Reply {
  switch (wish.wants) {
    case 'add':
      return { toolName: 'add_task', input: { title: wish.title, dueDate: wish.dueDate } };
    case 'find':
      return { toolName: 'search_messages', input: { query: wish.text } };
    case 'state':
      return { toolName: 'get_aide_state', input: {} };
    case 'help':
      return { text: HELP };
    case 'delete':
      return { toolName: 'list_tasks', input: { limit: 100 } };
    default:
      return { toolName: 'list_tasks', input: { status: 'open', sort: 'dueDate', limit: 100 } };
  }
}

function after(wish: Wish, [first, second]: ToolResult[]): Reply | undefined {
  switch (wish.wants) {
    case 'add':
      return { text: `I have added ${line(first!.value as Task)}.` };
    case 'list':
      return { text: listed((first!.value as { tasks: Task[] }).tasks) };
    case 'complete':
      return second ? { text: `Done: “${wish.title}”.` } : change('complete_task', wish.title, first!);
    case 'delete':
      return second ? { text: `Deleted: “${wish.title}”.` } : change('delete_task', wish.title, first!);
    case 'find':
      return { text: found((first!.value as { messages: { excerpt: string }[] }).messages) };
    case 'state':
      return { text: `This is what I know: ${JSON.stringify((first!.value as { state: unknown }).state)}` };
    default:
      return undefined;
  }
}

/** The call that changes the task of a title, with its id from the list. */
function change(toolName: string, title: string, { value }: ToolResult): Reply {
  const { tasks } = value as { tasks: Task[] };
  const wanted = title.toLowerCase();
  const named = tasks.filter((task) => task.title.toLowerCase() === wanted);
  const alike = named.length > 0 ? named : tasks.filter((task) => task.title.toLowerCase().includes(wanted));
  const [task] = alike;
  if (!task) return { text: `There is no task “${title}”.` };
  if (alike.length > 1) return { text: `Which one do you mean?\n${bullets(alike.map(line))}` };
  return { toolName, input: { id: task.id } };
}

const bullets = (lines: string[]) => lines.map((one) => `- ${one}`).join('\n');

const line = ({ title, dueDate }: Task) => (dueDate ? `“${title}”, due ${when(dueDate)}` : `“${title}”`);

const listed = (tasks: Task[]) =>
  tasks.length === 0 ? 'Nothing is left.' : `This is left:\n${bullets(tasks.map(line))}`;

const found = (messages: { excerpt: string }[]) =>
  messages.length === 0
    ? 'I have found nothing.'
    : `I have found:\n${bullets(messages.map(({ excerpt }) => excerpt))}`;

const when = (instant: string) =>
  `${new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'short', timeZone: 'UTC' }).format(new Date(instant))} UTC`;
