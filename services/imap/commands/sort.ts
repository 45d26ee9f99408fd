import type { SelectedHandler } from '../session-state.ts';

export const sort: SelectedHandler<'sort'> = async () => ({ condition: 'NO', code: { code: 'CANNOT' }, text: 'Not yet' });
