import type { SelectedHandler } from '../session-state.ts';

export const thread: SelectedHandler<'thread'> = async () => ({ condition: 'NO', code: { code: 'CANNOT' }, text: 'Not yet' });
