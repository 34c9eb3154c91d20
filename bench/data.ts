import { openDatabase } from './support/database.ts';
import { readOptions } from './support/options.ts';

/** npm run bench:data [-- --messages 10000|100000|1000000] [--dir <folder>] */
const options = readOptions();
const database = await openDatabase(options);
console.log(`${options.messages} messages in ${options.dir}, ${database.built ? 'built now' : 'kept'}`);
await database.stop();
