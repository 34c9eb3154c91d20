/** Every error the API answers: its status and title. RFC 9457; `code` is what programs read. */
export const PROBLEMS = {
  invalid_json: [400, 'The body is not valid JSON'],
  invalid_request: [400, 'The request is not valid'],
  invalid_cursor: [400, 'The cursor does not belong to this list'],
  unauthenticated: [401, 'A valid bearer token is required'],
  origin_not_allowed: [403, 'Pages of this origin may not call this'],
  tier_limit_exceeded: [403, 'The limit of your tier is reached'],
  not_found: [404, 'There is no such thing'],
  method_not_allowed: [405, 'The method is not allowed here'],
  request_timeout: [408, 'The request took too long to arrive'],
  slug_taken: [409, 'The slug is taken'],
  phone_taken: [409, 'You have already mapped this number'],
  invalid_state: [409, 'The current state does not allow this'],
  turn_in_progress: [409, 'The conversation has a turn that is not over'],
  idempotency_in_progress: [409, 'The first request with this key is still being done'],
  version_mismatch: [412, 'The version is not the current one'],
  too_large: [413, 'The body is too large'],
  unsupported_media_type: [415, 'The body must be JSON in UTF-8, without content encoding'],
  reference_not_found: [422, 'Something that the body refers to does not exist'],
  idempotency_key_reused: [422, 'The key was used for another request'],
  patch_failed: [422, 'The patch does not apply to the state'],
  rate_limited: [429, 'Too many requests'],
  internal_error: [500, 'Something went wrong'],
  busy: [503, 'The service is busy'],
  database_unavailable: [503, 'The database is not available'],
  shutting_down: [503, 'The service is shutting down'],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof PROBLEMS;

/** One thing that is wrong with a request: where (a JSON Pointer, RFC 6901), which rule, and in words. */
export interface FieldError {
  pointer: string;
  code: string;
  detail: string;
}

/** Thrown anywhere to be answered as `application/problem+json`. Never put a value of the request into `detail`. */
export class Problem extends Error {
  constructor(
    readonly code: ProblemCode,
    readonly detail?: string,
    readonly errors?: FieldError[],
    /** Seconds, as `Retry-After`. */
    readonly retryAfter?: number,
  ) {
    super(detail ?? code);
  }

  get status(): number {
    return PROBLEMS[this.code][0];
  }
}

/** The answer (RFC 9457), with at most 20 of the errors. */
export function problemBody({ code, detail, errors }: Problem, requestId: string) {
  const [status, title] = PROBLEMS[code];
  return {
    type: `urn:problem:${code}`,
    title,
    status,
    detail: detail ?? `${title}.`,
    instance: `urn:request:${requestId}`,
    code,
    requestId,
    ...(errors && { errors: errors.slice(0, 20) }),
  };
}

/** An id in the body, of the field `<name>Id`, names nothing of the owner's. */
export const referenceNotFound = (name: string) =>
  new Problem('reference_not_found', undefined, [
    { pointer: `/${name}Id`, code: 'reference', detail: 'must be the id of something of yours' },
  ]);

export const invalid = (pointer: string, code: string, detail: string) =>
  new Problem('invalid_request', undefined, [{ pointer, code, detail }]);
