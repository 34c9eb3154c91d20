import { renameSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { profileOf } from './cpu-profile.ts';

/** Preloaded into a server: SIGUSR2 starts a CPU profile, the next one writes it to {@link profileOf} the process. */
const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.setSamplingInterval', { interval: 200 }); // microseconds

let running = false;
process.on('SIGUSR2', () => {
  running = !running;
  if (running) return session.post('Profiler.start');
  session.post('Profiler.stop', (error, { profile }) => {
    if (error) throw error;
    const file = profileOf(process.pid);
    writeFileSync(`${file}.part`, JSON.stringify(profile));
    renameSync(`${file}.part`, file);
  });
});
