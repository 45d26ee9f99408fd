import type { SelectedHandler } from '../session-state.ts';

export const store: SelectedHandler<'store'> = async () => ({ condition: 'NO', code: { code: 'CANNOT' }, text: 'Not yet' });
