import type { CreateAide } from '../aides/aide.dto.js';
import type { Channel } from '../conversations/conversation.entity.js';
import type { CreateMessage } from '../messages/message.dto.js';
import type { CreateTask } from '../tasks/task.dto.js';
import type { CreateToolCall, FinishToolCall } from '../tool-calls/tool-call.dto.js';

export interface SeedCall extends CreateToolCall {
  outcome: FinishToolCall;
}

export type SeedMessage = Omit<CreateMessage, 'toolCalls'> & { toolCalls?: SeedCall[] };

export interface SeedConversation {
  title: string | null;
  channel?: Channel;
  metadata?: Record<string, unknown>;
  messages: SeedMessage[];
  /** The number that talks in it over Signal. */
  phoneNumber?: string;
}

export interface SeedAide extends CreateAide {
  slug?: string;
  archived?: boolean;
  conversations: SeedConversation[];
}

export interface SeedTask extends CreateTask {
  completed?: boolean;
}

export interface SeedOwner {
  aides: SeedAide[];
  tasks: SeedTask[];
}

/** The full hour `hour` UTC, `days` days from today. */
function due(days: number, hour: number): string {
  const date = new Date();
  date.setUTCDate(date.getUTCDate() + days);
  date.setUTCHours(hour, 0, 0, 0);
  return date.toISOString();
}

const user = (content: string): SeedMessage => ({ role: 'user', content });
const assistant = (content: string, tokensUsed: number, toolCalls?: SeedCall[]): SeedMessage => ({
  role: 'assistant',
  content,
  tokensUsed,
  toolCalls,
});
const call = (
  toolName: string,
  parameters: Record<string, unknown>,
  result: unknown,
  durationMs: number,
  status: FinishToolCall['status'] = 'success',
): SeedCall => ({ toolName, parameters, outcome: { status, result, durationMs } });

const alice: SeedOwner = {
  aides: [
    {
      title: 'Lisbon trip planner',
      slug: 'lisbon-trip-planner',
      state: { city: 'Lisbon', nights: 4, budgetEuro: 900, travellers: ['Alice', 'Ben'] },
      conversations: [
        {
          title: 'Long weekend in Lisbon',
          metadata: { pinned: true },
          messages: [
            user('We have four nights in Lisbon in May. Where should we stay without a car?'),
            assistant('', 412, [
              call(
                'search_hotels',
                { city: 'Lisbon', nights: 4, maxPriceEuro: 120 },
                { found: 3, best: { name: 'Casa do Jasmim', district: 'Graça', priceEuro: 104 } },
                832,
              ),
            ]),
            assistant(
              'Graça or Príncipe Real: both are walkable and tram 28 stops nearby. Casa do Jasmim in Graça has a double room at €104 a night.',
              268,
            ),
            user('Graça sounds good. Remind me to book it before Friday.'),
            assistant('Done: "Book Casa do Jasmim" is on your list with high priority.', 190, [
              call(
                'add_task',
                { title: 'Book Casa do Jasmim', priority: 'high' },
                { added: 'Book Casa do Jasmim' },
                14,
              ),
            ]),
          ],
        },
        {
          title: null,
          messages: [
            user('Is the castle open on Mondays?'),
            assistant(
              'Yes, São Jorge Castle opens every day at 9:00; last entry is half an hour before closing.',
              97,
            ),
          ],
        },
      ],
    },
    {
      title: 'Household',
      state: { shoppingDay: 'Saturday', diet: ['vegetarian'] },
      conversations: [
        {
          title: 'On the go',
          channel: 'signal',
          phoneNumber: '+447700900123',
          messages: [
            user('what was on the shopping list again?'),
            assistant('Oat milk, lentils, coriander and dishwasher tablets.', 143, [
              call('list_tasks', { status: 'open' }, { titles: ['Groceries for the week'] }, 9),
            ]),
            user('add lemons please'),
            assistant('Added lemons.', 88, [
              call(
                'update_task',
                { title: 'Groceries for the week', description: 'Oat milk, lentils, coriander, lemons' },
                { updated: true },
                17,
              ),
            ]),
          ],
        },
      ],
    },
    {
      title: 'Wedding speech coach',
      archived: true,
      state: { tone: 'warm', minutes: 5 },
      conversations: [
        {
          title: 'Speech for Nora and Tom',
          messages: [
            user('How long should a speech of the best woman be?'),
            assistant('Five minutes at most: one story, one wish, one toast.', 76),
          ],
        },
      ],
    },
  ],
  tasks: [
    {
      title: 'Book Casa do Jasmim',
      description: 'Double room, four nights',
      priority: 'high',
      dueDate: due(2, 16),
    },
    {
      title: 'Groceries for the week',
      description: 'Oat milk, lentils, coriander, lemons',
      dueDate: due(4, 9),
    },
    { title: 'Renew passport', priority: 'high', dueDate: due(30, 10) },
    { title: 'Read the tram timetable', priority: 'low' },
    { title: 'Send Nora the speech', dueDate: due(-3, 18), completed: true },
  ],
};

const bob: SeedOwner = {
  aides: [
    {
      title: 'Marathon coach',
      slug: 'marathon-coach',
      state: { goal: '3:45', weeks: 16, longRun: 'Sunday' },
      conversations: [
        {
          title: 'Week 6',
          messages: [
            user('My calf is tight after the 18 km yesterday. Should I still do intervals today?'),
            assistant('', 233, [
              call('read_training_log', { days: 7 }, { kilometres: 46, longest: 18, easyShare: 0.71 }, 121),
              call('read_sleep', { days: 3 }, { message: 'The watch has not synchronised.' }, 3004, 'error'),
            ]),
            assistant(
              'No. You ran 46 km this week, so swap the intervals for 40 easy minutes or rest, and see how the calf is tomorrow.',
              204,
            ),
            user('Rest it is. Move the intervals to Thursday.'),
            assistant('Moved: intervals, 6 × 800 m, on Thursday.', 118, [
              call('add_task', { title: 'Intervals, 6 × 800 m' }, { added: 'Intervals, 6 × 800 m' }, 12),
            ]),
          ],
        },
      ],
    },
    {
      title: 'Tax year',
      state: { country: 'DE', receipts: 41 },
      conversations: [
        {
          title: 'Home office',
          messages: [
            user('Can I pay the advance tax for me straight from here?'),
            assistant('I may not make payments without your approval, and you declined this one.', 131, [
              call('pay_invoice', { amountEuro: 640 }, null, 0, 'denied'),
            ]),
          ],
        },
      ],
    },
    { title: 'Sourdough diary', archived: true, state: { hydration: 0.75 }, conversations: [] },
  ],
  tasks: [
    { title: 'Intervals, 6 × 800 m', dueDate: due(3, 17) },
    { title: 'Buy new running shoes', description: 'Same model, half a size up', priority: 'low' },
    { title: 'Scan the receipts of last quarter', priority: 'high', dueDate: due(9, 12) },
    { title: 'Register for the marathon', priority: 'high', dueDate: due(-20, 12), completed: true },
  ],
};

/** What the demo owners get, by owner. */
export const SEED: Record<string, SeedOwner> = { alice, bob };
