/** Where a path goes that is not percent-encoded UTF-8 (RFC 3986, 2.1). */
export const MALFORMED = '/malformed';

/** The URL to route. A malformed one is not left to the router, which would answer it before a token is required. */
export function wellFormedUrl({ url = '/' }: { url?: string }): string {
  try {
    if (url.includes('%')) decodeURIComponent(url.split('?', 1)[0]!);
    return url;
  } catch {
    return MALFORMED;
  }
}
