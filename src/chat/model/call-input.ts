import { checkValue, MAX_DEPTH } from '../../http/text-rules.js';
import { storableText } from './text.js';

type Input = Record<string, unknown>;

/** What the SDK has made of a call: `error` is why it is no call of a known tool with JSON. */
interface Parsed {
  input: unknown;
  error?: unknown;
}

/** The arguments of a call as they may be stored, or in words for the model why there are none. */
export function callInput({ input, error }: Parsed): { input: Input; error?: string } {
  if ((error as Error | undefined)?.name === 'AI_NoSuchToolError')
    return { input: {}, error: 'There is no tool of this name.' };
  if (error !== undefined) return { input: {}, error: 'The arguments are not valid JSON.' };
  const stored = storable(input);
  if (typeof stored !== 'object' || stored === null || Array.isArray(stored))
    return { input: {}, error: 'The arguments must be a JSON object.' };
  try {
    checkValue(stored);
  } catch {
    return {
      input: {},
      error: `The arguments have a key or number that is not allowed, or over ${MAX_DEPTH} levels.`,
    };
  }
  return { input: stored as Input };
}

/** Deeper than {@link MAX_DEPTH} it is left as it is, and refused. */
function storable(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return storableText(value);
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return value;
  if (Array.isArray(value)) return value.map((item) => storable(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [storableText(key), storable(child, depth + 1)]),
  );
}
