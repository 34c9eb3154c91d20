import pg from 'pg';
import { ownerContext } from '#dist/auth/owner-context.js';
import { OwnerClient } from '#dist/database/owner-client.js';

/** Preloaded into a service that is to send its statements without their owner's setting, for the comparison only. */
const getStore = ownerContext.getStore.bind(ownerContext);
let sending = false;
ownerContext.getStore = () => (sending ? undefined : getStore());

// oxlint-disable-next-line typescript/unbound-method -- called with its client below
const query = OwnerClient.prototype.query as unknown as (this: pg.Client, ...args: unknown[]) => unknown;
Object.assign(OwnerClient.prototype, {
  query(this: pg.Client, ...args: unknown[]) {
    sending = true;
    try {
      return query.apply(this, args);
    } finally {
      sending = false;
    }
  },
});
