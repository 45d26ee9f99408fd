import './builtins.ts';
import { simulate } from './command.ts';

process.exitCode = await simulate(process.argv.slice(2), console.log, console.error);
