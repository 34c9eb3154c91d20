const MESSAGES = {
  rate_limited: 'The model has too much to do at the moment. Try again in a minute.',
  unavailable: 'The model cannot be reached at the moment, or gives no answer. Try again later.',
  interrupted: 'The answer of the model broke off. Try again.',
  refused: 'The model does not take this request.',
};

export type ModelErrorCode = keyof typeof MESSAGES;

/** Why there is no whole answer. The message is for the owner: nothing of the model's server is in it. */
export class ModelError extends Error {
  constructor(readonly code: ModelErrorCode) {
    super(MESSAGES[code]);
  }
}

/** @param begun whether something of the answer has been seen */
export function modelErrorOf(error: unknown, begun: boolean): ModelError {
  if (error instanceof ModelError) return error;
  if (begun) return new ModelError('interrupted');
  return new ModelError(codeOf(statusOf(error)));
}

/** The HTTP status behind an error of the SDK. */
export function statusOf(error: unknown): number | undefined {
  const { statusCode } = Object(error) as { statusCode?: unknown };
  return typeof statusCode === 'number' ? statusCode : undefined;
}

export function codeOf(status: number | undefined): ModelErrorCode {
  if (status === 429) return 'rate_limited';
  return status !== undefined && status >= 400 && status < 500 && status !== 408 ? 'refused' : 'unavailable';
}
