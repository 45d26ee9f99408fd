import type { SelectedHandler } from '../session-state.ts';

export const expunge: SelectedHandler<'expunge'> = async () => ({ condition: 'NO', code: { code: 'CANNOT' }, text: 'Not yet' });
