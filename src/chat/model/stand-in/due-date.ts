const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Of a day without a time. */
const MORNING = 9;

const DAY = `today|tomorrow|(?:on )?(?:${DAYS.join('|')})|in \\d{1,3} days?|in \\d{1,3} weeks?`;
const TIME = String.raw`at (?:[01]?\d|2[0-3])(?::[0-5]\d)?(?: ?[ap]m)?`;
const WHEN = new RegExp(
  `^(?:(?<first>${DAY}|${TIME})(?: (?<second>${DAY}|${TIME}))? to )?(?<what>.+?)(?:,? (?<third>${DAY}|${TIME}))?(?:,? (?<fourth>${DAY}|${TIME}))?$`,
  'i',
);

/** A sentence without the words that say when, and what they mean, in UTC. */
export function dueDateOf(sentence: string, now: Date): { what: string; dueDate?: string } {
  const { what = sentence, first, second, third, fourth } = WHEN.exec(sentence)?.groups ?? {};
  const words = [first, second, third, fourth].flatMap((word) => word?.toLowerCase() ?? []);
  if (words.length === 0) return { what };
  const day = words.find((word) => !word.startsWith('at '));
  const time = words.find((word) => word.startsWith('at '));
  const midnight = Math.floor(now.getTime() / DAY_MS) * DAY_MS;
  const due = midnight + daysUntil(day, now) * DAY_MS + hoursOf(time) * HOUR_MS;
  const past = day === undefined && due <= now.getTime();
  return { what, dueDate: new Date(past ? due + DAY_MS : due).toISOString() };
}

function daysUntil(day: string | undefined, now: Date): number {
  if (day === undefined || day === 'today') return 0;
  if (day === 'tomorrow') return 1;
  const [, count, unit] = /^in (\d+) (day|week)/.exec(day) ?? [];
  if (count) return Number(count) * (unit === 'week' ? 7 : 1);
  return ((DAYS.indexOf(day.replace('on ', '')) - now.getUTCDay() + 6) % 7) + 1;
}

function hoursOf(time: string | undefined): number {
  const [, hours, minutes = '0', half] = /^at (\d+)(?::(\d+))? ?([ap]m)?/.exec(time ?? '') ?? [];
  if (!hours) return MORNING;
  const hour = half ? (Number(hours) % 12) + (half === 'pm' ? 12 : 0) : Number(hours);
  return hour + Number(minutes) / 60;
}
