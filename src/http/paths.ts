/** What the contract covers; beside it there are pages, health and documentation. */
export const isApiPath = (path: string) => /^\/(v1|api|mcp|\.well-known)(\/|$)/.test(path);

/** Needs no token, in the API document. */
export const isOpenPath = (path: string) => !/^\/(v1(?!\/public\/)|api|mcp)(\/|$)/.test(path);
