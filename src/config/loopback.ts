const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/;

/** Whether a host, as HOST or a URL names it, is this machine alone. */
export const isLoopback = (host: string) => LOOPBACK.test(host);
