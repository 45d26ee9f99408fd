import type { SelectedHandler } from '../session-state.ts';

export const fetch: SelectedHandler<'fetch'> = async () => ({ condition: 'NO', code: { code: 'CANNOT' }, text: 'Not yet' });
