import { setSourceMapsSupport } from 'node:module';

/** Node loads this first (`--import`). Stacks in the log name our sources; the maps of all packages would take 12 MB. */
setSourceMapsSupport(true, { nodeModules: false, generatedCode: false });
