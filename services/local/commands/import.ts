import type { Command } from 'commander';
export function importCommand(_p: Command): void {}
