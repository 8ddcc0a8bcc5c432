/** Settings of zod. Imported before whatever makes a schema. */
import { config } from 'zod';

// zod's compiled parsers need `new Function`, which the window's content security policy forbids.
config({ jitless: true });
