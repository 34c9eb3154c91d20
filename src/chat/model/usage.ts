export interface Usage {
  inputTokens: number;
  outputTokens: number;
}

const MOST = 1_000_000_000;

/** For where a model does not say how many tokens there were: the usual four characters each. */
export const estimateTokens = (text: string) => Math.ceil(text.length / 4);

/** A count that can be stored: the model's where it is one, else an estimate from the text. */
export const tokens = (count: number | undefined, text: string) =>
  Number.isInteger(count) && count! >= 0 && count! <= MOST ? count! : estimateTokens(text);
