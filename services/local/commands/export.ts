import type { Command } from 'commander';
export function exportCommand(_p: Command): void {}
